import {
  ConfigError,
  inForce,
  type LoadedConfig,
  loadConfig,
  originTexts,
  readEnvironment,
  resolvedYaml,
} from '../config/index.ts';
import { announce, writeJson } from './output.ts';

/** Prints the resolved configuration. @throws ConfigError with every problem, after printing them as JSON if asked */
export async function validate(
  path: string,
  { set, isJson }: { set: readonly string[]; isJson: boolean },
): Promise<void> {
  const environment = readEnvironment();
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig(path, { set, environment });
  } catch (error) {
    if (isJson && error instanceof ConfigError) {
      const problems = error.problems.map(({ field, place, text }) => ({ field, ...place, text }));
      writeJson({ path, is_valid: false, problems });
    }
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
