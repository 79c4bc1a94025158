import { stat } from 'node:fs/promises';
import { type Config, configSchema, leavesOf } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import {
  findRun,
  type RecordingRecord,
  type RunFingerprint,
  readRunEvents,
  readRunFingerprint,
  readRunRecordings,
} from '../runs/index.ts';
import { configurationSide, type Side } from './side.ts';

/** A run to be compared. */
export interface RunSide extends Side {
  readonly kind: 'run';
  readonly run: RunFingerprint;
  /** By split; null for a run of a version that did not record them. */
  readonly recordings: Readonly<Record<string, readonly RecordingRecord[]>> | null;
}

/** Where runs are looked for by name alone. */
const RESULTS = 'results';

/**
 * Reads a configuration file, or a run by its folder or name.
 *
 * @throws InputError `RUN_*`, `CONFIG*` where it cannot be read, `PARITY_RUN` for a run whose configuration this version
 * does not understand
 */
export async function sideOf(path: string, set: readonly string[]): Promise<Side | RunSide> {
  const found = await stat(path).catch(() => null);
  const isConfiguration = found === null ? /\.(ya?ml|json)$/i.test(path) : !found.isDirectory();
  return isConfiguration ? await configurationSide(path, set) : await runSide(await findRun(path, RESULTS));
}

export function isRun(side: Side | RunSide): side is RunSide {
  return side.kind === 'run';
}

async function runSide(path: string): Promise<RunSide> {
  const run = await readRunFingerprint(path);
  const recordings = await readRunRecordings(path);
  const { changed } = run;
  const stated = parsed(path, run.config);
  // Where it ran and had its samples, and not what `auto` or another session said.
  const { device } = run.environment;
  const config = asItWas(stated, device, await residencyOf(path));
  const values = new Map<string, unknown>([...leavesOf(stated), ...Object.entries(changed)]);
  const later = Object.fromEntries(Object.keys(changed).map((field) => [field, 'as resumed']));
  return {
    ...{ path, kind: 'run', config, values, run, recordings, otherCache: null },
    origins: { ...run.origins, ...later },
  };
}

function asItWas(config: Config, device: string, residency: Config['data']['residency'] | null): Config {
  const { data, experiment } = config;
  const isKnown = device === 'cpu' || device === 'cuda';
  return {
    ...config,
    data: { ...data, residency: residency ?? data.residency },
    experiment: { ...experiment, device: isKnown ? device : experiment.device },
  };
}

/** Where the samples were kept; null where the run did not come so far as to say. */
async function residencyOf(path: string): Promise<Config['data']['residency'] | null> {
  for await (const { kind, residency } of readRunEvents(path)) {
    if (kind === 'data_set')
      return residency === 'device' || residency === 'host' || residency === 'disk' ? residency : null;
    if (kind === 'step') return null;
  }
  return null;
}

function parsed(path: string, values: RunFingerprint['config']): Config {
  try {
    return configSchema.parse(values);
  } catch (cause) {
    throw new InputError(
      'PARITY_RUN',
      `The configuration of the run ${path} is of another version of bgb than this one: ${messageOf(cause)}. Compare with that version.`,
      { cause },
    );
  }
}
