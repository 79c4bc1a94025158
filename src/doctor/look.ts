import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { homedir, tmpdir, totalmem } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { bridgePlace } from '../bridge/index.ts';
import {
  ConfigError,
  type Environment,
  foldersOf,
  kindOfConfig,
  kindOfFolder,
  loadConfig,
  type Problem,
  type Surroundings,
} from '../config/index.ts';
import { canonicalJson } from '../files/index.ts';
import { configHashes, RUN_FILES, type RunFingerprint, readRunFingerprint } from '../runs/index.ts';
import { Commands } from './commands.ts';
import { loadComputing } from './computing.ts';
import { lookAtCache, windowsIn } from './look-cache.ts';
import { builtAs, lookAtRecordings, lookIntoRecordings } from './look-recordings.ts';
import { lookAtRun } from './look-run.ts';
import { lookAtGpus, type Machine, machineFacts, mountAt } from './machine.ts';
import { isConfigChanged, type RunSubject } from './run-subject.ts';
import type { ConfigSubject, Subject, TargetKind } from './subject.ts';
import { targetOf } from './target.ts';

/** What doctor is asked to look at. */
export interface LookRequest {
  /** A configuration, a run's folder, a cache or a folder of recordings; null looks at the usual configurations, if they are here, and the machine. */
  readonly path: string | null;
  readonly set: readonly string[];
  readonly environment: Environment;
  readonly surroundings: Surroundings;
  readonly isDeep: boolean;
  /** Leave out what a training that starts or goes on need not be asked: nothing is measured. */
  readonly isQuick?: boolean;
  readonly hasTerminal: boolean;
  readonly now: Date;
  /** Facts about the machine that stand in for what would be seen; for tests. */
  readonly machine?: Partial<Machine>;
}

/**
 * Gathers what the rules look at; reads only.
 *
 * @throws InputError `DOCTOR_TARGET` where there is nothing of that name, or nothing that can be looked at; `CONFIG_FILE`, `RUN_*`, `DATA_FOLDER` where it
 * cannot be read
 */
export async function lookAt(request: LookRequest): Promise<Subject> {
  const target = await targetOf(request.path);
  const { library, computing, freeBytes } = await loadComputing();
  const machine: Machine = {
    ...machineFacts({ ...request, hostMemory: computing?.hostMemory() ?? totalmem() }),
    library,
    gpus: await lookAtGpus(freeBytes),
    ...request.machine,
  };
  const fingerprint = target.kind === 'run' ? await readRunFingerprint(target.path) : null;
  const { config, configPath, problems } = await configFor(target, fingerprint, request);
  const cacheDir = target.kind === 'cache' ? target.path : (config?.loaded.config.data.cache_dir ?? null);
  // What another machine trains from cannot be looked at from here, and a run may outlive its cache.
  const isForHere = target.kind !== 'run' && (config?.kind !== 'cloud' || machine.isCloud);
  const isElsewhere = cacheDir !== null && !existsSync(cacheDir) && !isForHere;
  // What a run trained from cannot be told from a configuration that is not its own.
  const isUnknown = fingerprint !== null && isConfigChanged(fingerprint, await ownVersion());
  const windows = cacheDir === null || isUnknown ? null : await windowsIn(cacheDir, config);
  const cache =
    cacheDir === null || isElsewhere || windows === null
      ? null
      : await lookAtCache(cacheDir, windows, {
          isDeep: request.isDeep,
          isManifestRead: !request.isQuick,
          isTrainingOnly: request.isQuick === true,
          now: request.now.getTime(),
        });
  const isSound = cache?.splits.every(({ manifest }) => manifest.validity?.isValid === true) ?? false;
  const run =
    fingerprint === null
      ? null
      : await lookAtRun(target.path, config!.loaded.config, {
          fingerprint,
          computing: isSound && !request.isQuick ? computing : null,
          isQuick: request.isQuick === true,
          isConfigChanged: isUnknown,
          now: request.now,
        });
  const recordings =
    target.kind === 'recordings'
      ? await lookIntoRecordings(target.path, { isDeep: request.isDeep })
      : config === null || isUnknown || (request.isQuick && run !== null)
        ? null
        : await lookAtRecordings(config.loaded.config, cache, {
            isDeep: request.isDeep,
            isTried: !request.isQuick,
            machine,
          });
  return {
    target,
    config,
    configPath,
    problems,
    counterpart:
      config === null || target.kind !== 'configuration' || request.isQuick
        ? null
        : await counterpartOf(config, request),
    environment: request.environment,
    cache,
    recordings,
    run,
    machine,
    computing,
    commands: new Commands({
      configPath,
      set: request.set,
      cacheDir,
      dataDirs: recordings?.folders ?? [],
      windows: windows?.assignments ?? [],
      run: run && { folder: run.folder, state: run.status.state, path: configPath! },
      split:
        recordings === null || cache === null || config === null
          ? null
          : await builtAs(recordings, cache, config.loaded.config),
    }),
    localFolder:
      [join(homedir(), '.cache/bgb'), resolve('cache'), join(tmpdir(), 'bgb')].find((folder) => {
        const kind = mountAt(machine, folder)?.kind;
        return kind === 'local' || kind === 'overlay';
      }) ?? null,
    earlier: config === null || isUnknown || request.isQuick ? [] : await earlierRuns(config, run),
    isDeep: request.isDeep,
    isQuick: request.isQuick === true,
    now: request.now,
  };
}

async function ownVersion(): Promise<string> {
  const text = await readFile(join(bridgePlace().root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

type Values = Parameters<typeof configHashes>[0];

/** Where recordings and cache are: the same settings with another corpus are another training, whose windows are others. */
function placesOf(values: Values, changed: RunFingerprint['changed']): string {
  const data = values.data as Readonly<Record<string, unknown>> | undefined;
  return canonicalJson(
    ['data_dir', 'cache_dir'].map((name) => changed[`data.${name}`] ?? data?.[name] ?? null),
  );
}

/** Runs looked at for what they counted, the newest first. */
const MOST_EARLIER = 200;

/** Runs with the same result-relevant values from the same data, made before, the newest first. */
async function earlierRuns({ loaded }: ConfigSubject, run: RunSubject | null): Promise<RunFingerprint[]> {
  const folder = run?.folder ?? loaded.config.experiment.output_dir;
  const from = placesOf(loaded.config as unknown as Values, {});
  const hashes = run?.fingerprint.hashes ?? configHashes(loaded.config as unknown as Values);
  const beside = dirname(resolve(folder));
  const names = existsSync(beside) ? await readdir(beside) : [];
  const found: RunFingerprint[] = [];
  for (const name of names.slice(0, MOST_EARLIER)) {
    const at = join(beside, name);
    if ((run !== null && at === resolve(folder)) || !existsSync(join(at, RUN_FILES.fingerprint))) continue;
    const earlier = await readRunFingerprint(at).catch(() => null);
    if (
      earlier?.hashes.result_sha256 === hashes.result_sha256 &&
      placesOf(earlier.config, earlier.changed) === from
    )
      found.push(earlier);
  }
  const before = run?.fingerprint.createdAt ?? '9';
  return found
    .filter(({ createdAt }) => createdAt < before)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

interface ConfigFound {
  readonly config: ConfigSubject | null;
  readonly configPath: string | null;
  readonly problems: readonly Problem[];
}

async function configFor(
  { kind, path }: { kind: TargetKind; path: string },
  fingerprint: RunFingerprint | null,
  { set, environment }: LookRequest,
): Promise<ConfigFound> {
  if (kind === 'cache' || kind === 'machine' || kind === 'recordings')
    return { config: null, configPath: null, problems: [] };
  const configPath = kind === 'run' ? join(path, RUN_FILES.config) : path;
  try {
    // A run has what it was started or resumed with, whatever the environment says now.
    const changed = Object.entries(fingerprint?.changed ?? {}).map(
      ([field, value]) => `${field}=${JSON.stringify(value)}`,
    );
    const loaded = await loadConfig(
      configPath,
      kind === 'run' ? { set: [...changed, ...set] } : { set, environment },
    );
    return {
      config: {
        path: configPath,
        kind: kindOfConfig(kind === 'run' ? null : configPath, loaded.config),
        loaded,
      },
      configPath,
      problems: [],
    };
  } catch (error) {
    if (error instanceof ConfigError && kind === 'configuration')
      return { config: null, configPath, problems: error.problems };
    throw error;
  }
}

/** `local/train.yaml` beside `modal/train_a100.yaml`: of the same first word; null where there is none that loads. */
async function counterpartOf(
  { path, kind }: ConfigSubject,
  { environment }: LookRequest,
): Promise<ConfigSubject | null> {
  const folder = dirname(path);
  if (kindOfFolder(basename(folder)) !== kind) return null;
  const word = firstWord(path);
  const otherKind = kind === 'local' ? 'cloud' : 'local';
  for (const name of foldersOf(otherKind)) {
    const other = join(dirname(folder), name);
    for (const file of (await readdir(other).catch(() => [])).sort()) {
      if (!/\.ya?ml$/.test(file) || firstWord(file) !== word) continue;
      const loaded = await loadConfig(join(other, file), { environment }).catch(() => null);
      if (loaded !== null) return { path: join(other, file), kind: otherKind, loaded };
    }
  }
  return null;
}

function firstWord(path: string): string {
  return basename(path)
    .replace(/\.ya?ml$/, '')
    .split(/[_-]/)[0]!;
}
