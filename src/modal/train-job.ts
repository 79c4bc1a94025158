import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { type Config, type Forwarded, type LoadedConfig, pathsOf } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { canonicalJson, sha256 } from '../files/index.ts';
import { checkRunName, type Job } from '../places/index.ts';
import { bridgePath, type CodeBundle, codePath } from './code-bundle.ts';
import { type Resources, SAVING_S } from './resources.ts';
import { DATA, RESULTS } from './sandboxes.ts';

/** Where deploy/modal/app.py puts the packed code. */
const IMAGE_CODE = '/opt/bgb.tar.gz';
const FORCED = 'BGB_FORCE_MANIFEST_REBUILD';

/** What is asked for on the command line, beside the configuration. */
export interface TrainJobRequest {
  readonly path: string;
  readonly loaded: LoadedConfig;
  readonly set: readonly string[];
  /** Also where a finding of the doctor makes the result worthless. */
  readonly isForced: boolean;
  readonly variables: Forwarded;
  readonly resources: Omit<Resources, 'code_path' | 'bridge_path'> & { readonly gpu: string };
  readonly code: Pick<CodeBundle, 'hash' | 'bridge'>;
  /** Losses of the drill on this machine; null: no drill. */
  readonly losses: readonly number[] | null;
  readonly now: Date;
}

/**
 * The job that a training is there.
 *
 * @throws InputError `PLACE_RUN_NAME`
 */
export async function trainJob(request: TrainJobRequest): Promise<Job> {
  const { path, loaded, set, isForced, variables, resources, losses, now } = request;
  const { config } = loaded;
  const folder = posix.normalize(config.experiment.output_dir).replace(/\/$/, '');
  const run = runNameOf(folder);
  const isStaged = config.data.residency !== 'device';
  // A function runs the code that its image was made with.
  const { hash: codeHash, bridge } = request.code;
  const code = resources.backend === 'function' ? IMAGE_CODE : codePath(codeHash);
  const isScanForced = FORCED in variables.once;
  const assignments = set.flatMap((assignment) => ['--set', assignment]);
  return {
    format: 'bgb-job',
    version: 1,
    run,
    token: randomBytes(8).toString('hex'),
    created_at: now.toISOString(),
    command: [
      ...['train', 'CONFIG'],
      ...assignments,
      ...(isForced ? ['--force'] : []),
      ...(isStaged ? ['--set', 'data.cache_dir=STAGED', '--set', 'experiment.cache_dir=STAGED'] : []),
    ],
    config: { name: basename(path), text: await readFile(path, 'utf8') },
    output_dir: folder,
    done: posix.join(folder, 'done.json'),
    results: RESULTS,
    environment: { ...variables.always },
    environment_once: { ...variables.once },
    resume: ['--resume'],
    is_resuming: false,
    stage: isStaged ? { from: config.data.cache_dir } : null,
    before: [
      // On the volume itself: a copy's would be gone with the attempt, and the next one train on other data.
      ...(isScanForced
        ? [['scan-cache', '--cache-dir', config.data.cache_dir, '--config', 'CONFIG', ...assignments]]
        : []),
      [
        ...['check-place', 'CONFIG', ...assignments],
        ...['--code', code, '--code-hash', codeHash, '--config-hash', configHash(config)],
        ...[
          '--gpu',
          resources.gpu,
          '--results',
          RESULTS,
          '--data',
          DATA,
          '--timeout',
          String(resources.timeout_s),
        ],
        ...(losses === null ? ['--no-drill'] : ['--losses', losses.join(',')]),
      ],
    ],
    commit: ['sync', RESULTS],
    limit_s: Math.max(60, resources.timeout_s - SAVING_S),
    hashes: { code: codeHash, config: configHash(config) },
    place: {
      ...resources,
      secrets: [...resources.secrets],
      code_path: code,
      bridge_path: bridgePath(bridge),
    },
  };
}

/**
 * The job of a training that was started where it runs, by `modal run`: nobody has sent code or compares, and it goes on
 * with what its folder holds.
 *
 * @throws InputError `MODAL_PATHS`, `PLACE_RUN_NAME`
 */
export async function configJob(request: {
  readonly path: string;
  readonly loaded: LoadedConfig;
  readonly set: readonly string[];
  readonly gpu: string;
  readonly limitS: number;
  /** The same for each attempt of one start; null: a new one. */
  readonly token: string | null;
  readonly now: Date;
}): Promise<Job> {
  const { path, loaded, set, gpu, limitS, token, now } = request;
  checkPaths(loaded.config);
  const job = await trainJob({
    ...{ path, loaded, set, now, isForced: false },
    variables: { always: {}, once: {}, left: [] },
    resources: { backend: 'function', gpu, cpu: 0, memory_mib: 0, timeout_s: limitS, secrets: [] },
    code: { hash: 'image', bridge: 'image' },
    losses: null,
  });
  const [checks = []] = job.before;
  const at = checks.indexOf('--code');
  return {
    ...job,
    token: token ?? job.token,
    limit_s: limitS,
    is_resuming: true,
    before: [[...checks.slice(0, at), ...checks.slice(checks.indexOf('--config-hash'))]],
  };
}

/** Check 1: every path of the configuration lies in a mount. @throws InputError `MODAL_PATHS` naming the fields */
export function checkPaths(config: Config): void {
  const strange = pathsOf(config).filter(([, path]) => !isThere(path));
  if (strange.length > 0)
    throw new InputError(
      'MODAL_PATHS',
      `These paths do not exist at Modal, where recordings are in ${DATA} and everything else is in ${RESULTS}:\n${strange.map(([field, value]) => `  ${field}: ${value}`).join('\n')}\nUse a configuration of configs/modal, or change them with --set.`,
    );
}

/** Of the whole configuration, each value as resolved: the same on both sides where they mean the same. */
export function configHash(config: Config): string {
  return sha256(canonicalJson(config)).slice(0, 16);
}

/** `tusz_a100` for `/results/tusz_a100`. @throws InputError `PLACE_RUN_NAME` */
export function runNameOf(folder: string): string {
  const run = posix.relative(RESULTS, folder);
  if (run.includes('/'))
    throw new InputError(
      'PLACE_RUN_NAME',
      `experiment.output_dir ${folder}: expected a folder directly in ${RESULTS}, whose name becomes the run's. Change it with --set.`,
    );
  checkRunName(run);
  return run;
}

function isThere(path: string): boolean {
  return [RESULTS, DATA].some((mount) => posix.normalize(path).startsWith(`${mount}/`));
}
