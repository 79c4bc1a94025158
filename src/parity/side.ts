import {
  type Config,
  ConfigError,
  type LoadedConfig,
  leavesOf,
  loadConfig,
  originTexts,
} from '../config/index.ts';

/** One of the two that are compared. */
export interface Side {
  /** As the user named it. */
  readonly path: string;
  readonly kind: 'configuration' | 'run';
  readonly config: Config;
  /** By dotted field; a list is one value. */
  readonly values: ReadonlyMap<string, unknown>;
  /** By dotted field: `train.yaml:12`, `--set`, `BGB_DEVICE`, `default`. */
  readonly origins: Readonly<Record<string, string>>;
  /** `experiment.cache_dir`, where it is another folder than `data.cache_dir` (failures D4). */
  readonly otherCache: { readonly found: string; readonly origin: string } | null;
}

const CACHE = 'experiment.cache_dir';

/**
 * Reads a configuration for comparison. Variables of the environment are left out: they would be the same on both sides.
 *
 * @throws ConfigError, InputError as {@link loadConfig}; two cache folders that disagree are no error here but a finding
 */
export async function configurationSide(path: string, set: readonly string[]): Promise<Side> {
  const { loaded, otherCache } = await loadWithCaches(path, set);
  const { config, origins } = loaded;
  return {
    path,
    kind: 'configuration',
    config,
    values: new Map(leavesOf(config)),
    origins: originTexts(origins),
    otherCache,
  };
}

async function loadWithCaches(
  path: string,
  set: readonly string[],
): Promise<{ loaded: LoadedConfig; otherCache: Side['otherCache'] }> {
  try {
    return { loaded: await loadConfig(path, { set }), otherCache: null };
  } catch (error) {
    if (!(error instanceof ConfigError) || error.problems.some(({ field }) => field !== CACHE)) throw error;
    const { text, place } = error.problems[0]!;
    const followed = /^expected '(.*)', as follows from/.exec(text)?.[1];
    if (followed === undefined) throw error;
    const loaded = await loadConfig(path, { set: [...set, `${CACHE}=${JSON.stringify(followed)}`] });
    const where = place.line === null ? place.source : `${place.source}:${place.line}`;
    return { loaded, otherCache: { found: /found '(.*)'\.$/.exec(text)?.[1] ?? '', origin: where } };
  }
}
