import { labelRules } from '../annotations/index.ts';
import {
  ConfigError,
  inForce,
  type LoadedConfig,
  loadConfig,
  originTexts,
  readEnvironment,
  resolvedYaml,
} from '../config/index.ts';
import { InputError } from '../errors.ts';
import { announce, writeJson } from './output.ts';

/**
 * Prints the resolved configuration.
 *
 * @throws ConfigError with every problem, `ANNOTATION_LABEL_MAP` for what data.labels may not change; after printing
 * them as JSON if asked
 */
export async function validate(
  path: string,
  { set, isJson }: { set: readonly string[]; isJson: boolean },
): Promise<void> {
  const environment = readEnvironment();
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig(path, { set, environment });
    labelRules(loaded.config.data.labels);
  } catch (error) {
    if (isJson && error instanceof ConfigError) {
      const problems = error.problems.map(({ field, place, text }) => ({ field, ...place, text }));
      writeJson({ path, is_valid: false, problems });
    } else if (isJson && error instanceof InputError && error.code === 'ANNOTATION_LABEL_MAP')
      writeJson({ path, is_valid: false, problems: [{ field: 'data.labels', text: error.message }] });
    throw error;
  }
  announce(inForce(), environment, loaded);
  if (isJson) {
    writeJson({
      path,
      is_valid: true,
      config: loaded.config,
      origins: originTexts(loaded.origins),
      notices: loaded.notices,
    });
    return;
  }
  process.stdout.write(resolvedYaml(loaded.config, loaded.origins));
  process.stderr.write(`${path} is valid.\n`);
}
