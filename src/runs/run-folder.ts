/**
 * Starting, resuming and ending a run in its folder. The order of writes carries the meaning: `run.json`
 * first, `events.jsonl` last of the start, `done.json` last of all and the only sign of success.
 */
import { readdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BgbError, InputError, messageOf } from '../errors.ts';
import { canonicalJson, isTemporaryName, makeFolder, sha256, writeAtomic } from '../files/index.ts';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import type { CheckpointState } from './checkpoint-state.ts';
import {
  configHashes,
  configText,
  differingFields,
  RESULT_NEUTRAL_FIELDS,
  type ResolvedConfig,
} from './config-record.ts';
import { type DataRecord, fingerprintText, recordingsText } from './data-record.ts';
import { type Environment, environmentChanges } from './environment.ts';
import { type EventFields, EventLog } from './event-log.ts';
import { type DamagedCheckpoint, latestWhole, setAside } from './kept-checkpoints.ts';
import { ProcessLock } from './process-lock.ts';
import { exists, RUN_FILES, type RunRecord, readRun } from './run-record.ts';
import { refuseDifferent, refuseOccupied } from './run-refusals.ts';
import type { StoredTensor } from './safetensors-header.ts';

/** What a run is started or resumed with. */
export interface RunStart {
  readonly config: ResolvedConfig;
  /** Content hashes of the data, by split. */
  readonly data: Readonly<Record<string, string>>;
  /** What the data are, recording by recording. */
  readonly record: DataRecord;
  /** What the recordings that are trained on were recorded against. */
  readonly references: readonly string[];
  readonly environment: Environment;
  readonly now: () => Date;
}

interface RunParts {
  readonly folder: string;
  readonly id: string;
  readonly start: RunStart;
  readonly lock: ProcessLock;
  readonly events: EventLog;
  readonly resumedFrom: Checkpoint | null;
  readonly notices: readonly string[];
}

/** A run that this process is writing. */
export class Run implements AsyncDisposable {
  readonly folder: string;
  readonly id: string;
  readonly events: EventLog;
  /** The checkpoint to go on from; null at a first start, or if none had been saved. The run closes it. */
  readonly resumedFrom: Checkpoint | null;
  /** What the user should be told about the start, a sentence each. */
  readonly notices: readonly string[];
  readonly #start: RunStart;
  readonly #lock: ProcessLock;
  #isOpen = true;

  constructor(parts: RunParts) {
    this.folder = parts.folder;
    this.id = parts.id;
    this.events = parts.events;
    this.resumedFrom = parts.resumedFrom;
    this.notices = parts.notices;
    this.#start = parts.start;
    this.#lock = parts.lock;
  }

  /** A file or folder of the run, such as `run.path('heartbeat')`. */
  path(name: keyof typeof RUN_FILES): string {
    return join(this.folder, RUN_FILES[name]);
  }

  /**
   * Saves a checkpoint that counts the events so far. Log everything up to `state.step` first: what is logged
   * later is superseded when the run resumes from here.
   *
   * @throws BgbError `RUN_CLOSED` after the run has ended: an aborted run publishes nothing. `RUN_LOCKED` if
   * another process has taken the run over.
   */
  async saveCheckpoint(
    name: string,
    content: {
      tensors: ReadonlyMap<string, StoredTensor>;
      state: Omit<CheckpointState, 'events' | 'data' | 'references' | 'code_version'>;
      /** As for {@link saveCheckpoint}. */
      keep?: number;
      /** As for {@link saveCheckpoint}. */
      also?: readonly string[];
    },
  ): Promise<string> {
    // Counted before anything is waited for: what is logged meanwhile is not of this checkpoint.
    const events = this.events.length;
    await this.#requireOpen();
    this.events.sync();
    return saveCheckpoint(this.path('checkpoints'), name, {
      ...content,
      state: {
        ...content.state,
        data: { ...this.#start.data },
        references: [...this.#start.references],
        code_version: codeVersion(this.#start.environment),
        events,
      },
    });
  }

  /** Ends the run with success: `done.json` is written after everything else. */
  async finish(step: number, summary: EventFields): Promise<void> {
    await this.#requireOpen();
    this.events.append('finished', step);
    this.events.close();
    const done = { id: this.id, finished_at: this.#start.now().toISOString(), step, summary };
    await writeAtomic(this.path('done'), `${JSON.stringify(done, null, 2)}\n`);
    await this.close();
  }

  /** Ends the run without success. From now on nothing can be saved; the last checkpoint can be resumed. */
  async abort(step: number, reason: string): Promise<void> {
    await this.#requireOpen();
    this.events.append('aborted', step, { reason });
    await this.close();
  }

  /** Lets go of the folder, leaving the run resumable unless it has finished. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.events.close();
    await this.resumedFrom?.[Symbol.asyncDispose]();
    await this.#lock.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #requireOpen(): Promise<void> {
    if (!this.#isOpen)
      throw new BgbError('RUN_CLOSED', `The run in ${this.folder} has ended; nothing more is saved.`);
    if (await this.#lock.isHeld()) return;
    throw new BgbError(
      'RUN_LOCKED',
      `Another process has taken over the run in ${this.folder}; this one must stop.`,
    );
  }
}

/**
 * Starts a run in a new folder, or in one that holds no run.
 *
 * @throws InputError `RUN_EXISTS` if the folder holds a run, `RUN_FOREIGN` if it holds files that a run would
 * overwrite, `RUN_FOLDER` if it cannot be made, `RUN_LOCKED` if another process is starting one there.
 */
export async function createRun(folder: string, start: RunStart): Promise<Run> {
  await makeRunFolder(folder);
  await refuseOccupied(folder);
  await using undo = new AsyncDisposableStack();
  const lock = undo.use(await takeLock(folder, start.now()));
  await refuseOccupied(folder);
  const createdAt = start.now().toISOString();
  const identity = { data: start.data, created_at: createdAt };
  const id = sha256(canonicalJson({ ...identity, config: start.config.values })).slice(0, 16);
  await writeJson(folder, 'run', { format: 'bgb-run', version: 1, id, ...identity });
  await writeAtomic(join(folder, RUN_FILES.config), configText(start.config));
  await writeAtomic(
    join(folder, RUN_FILES.fingerprint),
    fingerprintText(configHashes(start.config.values), start.record),
  );
  await writeAtomic(join(folder, RUN_FILES.recordings), recordingsText(start.record));
  await writeSessions(folder, { sessions: [], config: start.config.values }, start);
  const events = undo.use(EventLog.create(join(folder, RUN_FILES.events), start.now));
  undo.move();
  const notices = lock.notice ? [lock.notice] : [];
  return new Run({ folder, id, start, lock, events, resumedFrom: null, notices });
}

/**
 * Goes on with a run that did not finish, from its last checkpoint.
 *
 * @param neutral fields of the configuration that may differ from the run's.
 * @throws InputError `RUN_MISSING`, `RUN_FINISHED`; `RUN_CONFIG_DIFFERS` or `RUN_DATA_DIFFERS` with the
 * differing fields; `RUN_LOCKED`; `RUN_EVENTS`, `RUN_FILE`, `CHECKPOINT_*` if a file is damaged. Nothing has
 * been changed then.
 */
export async function openRun(
  folder: string,
  start: RunStart,
  neutral: readonly string[] = RESULT_NEUTRAL_FIELDS,
): Promise<Run> {
  refuseDifferent(folder, await readRun(folder), start, neutral);
  await using undo = new AsyncDisposableStack();
  const lock = undo.use(await takeLock(folder, start.now()));
  const record = await readRun(folder);
  refuseDifferent(folder, record, start, neutral);

  const { checkpoint, damaged } = await lastCheckpoint(folder);
  if (checkpoint) undo.use(checkpoint);
  const { log: events, cut } = await EventLog.reopen(join(folder, RUN_FILES.events), {
    keep: checkpoint?.state.events ?? 0,
    supersededPath: join(folder, RUN_FILES.superseded),
    now: start.now,
  });
  undo.use(events);
  const within = join(folder, RUN_FILES.checkpoints);
  const resumedFrom =
    checkpoint !== null && damaged.length > 0
      ? { ...checkpoint, path: await setAside(within, 'last', damaged, checkpoint.path) }
      : checkpoint;
  await removeTemporaries(folder);
  await writeSessions(folder, record, start);
  const step = resumedFrom?.state.step ?? 0;
  events.append('resumed', step, {
    session: record.sessions.length,
    superseded_lines: cut.lines,
    torn_bytes: cut.tornBytes,
  });
  undo.move();

  const notices = [
    lock.notice,
    ...damaged.map(
      ({ path, reason }) =>
        `Damaged, and now ${basename(path)}.damaged: ${reason} The checkpoint before it is taken.`,
    ),
    resumedFrom ? null : 'No checkpoint had been saved: the run starts again at step 0.',
    cut.lines > 0 ? `${cut.lines} log lines after step ${step} moved to ${RUN_FILES.superseded}.` : null,
    cut.tornBytes > 0 ? `Cut ${cut.tornBytes} bytes of a torn last line from ${RUN_FILES.events}.` : null,
    ...environmentChanges(record.sessions.at(-1)!.environment, start.environment),
  ].filter((notice) => notice !== null);
  return new Run({ folder, id: record.id, start, lock, events, resumedFrom, notices });
}

async function makeRunFolder(folder: string): Promise<void> {
  try {
    await makeFolder(resolve(folder));
  } catch (cause) {
    throw new InputError('RUN_FOLDER', `Cannot make the output_dir ${folder}: ${messageOf(cause)}.`, {
      cause,
    });
  }
}

async function takeLock(folder: string, now: Date): Promise<ProcessLock> {
  const heartbeatPath = join(folder, RUN_FILES.heartbeat);
  return ProcessLock.acquire(join(folder, RUN_FILES.lock), { now, heartbeatPath });
}

async function lastCheckpoint(
  folder: string,
): Promise<{ checkpoint: Checkpoint | null; damaged: DamagedCheckpoint[] }> {
  const within = join(folder, RUN_FILES.checkpoints);
  const names = (await exists(within)) ? await readdir(within) : [];
  if (!names.some((name) => name.endsWith('.json'))) return { checkpoint: null, damaged: [] };
  // A run whose last checkpoint someone removed goes on from its best.
  return names.some((name) => /^last(-step-\d+)?\.json$/.test(name))
    ? await latestWhole(within, 'last', (path) => loadCheckpoint(path))
    : { checkpoint: await loadCheckpoint(folder, 'last'), damaged: [] };
}

async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (isTemporaryName(name)) await rm(join(folder, name), { force: true });
  }
}

async function writeSessions(
  folder: string,
  { sessions, config }: Pick<RunRecord, 'sessions' | 'config'>,
  start: RunStart,
): Promise<void> {
  const differing = differingFields(config, start.config.values, []);
  const session = {
    started_at: start.now().toISOString(),
    environment: start.environment,
    configuration: {
      ...configHashes(start.config.values),
      changed: Object.fromEntries(differing.map(({ field, given }) => [field, given ?? null])),
    },
  };
  await writeJson(folder, 'environment', { sessions: [...sessions, session] });
}

async function writeJson(folder: string, name: keyof typeof RUN_FILES, content: unknown): Promise<void> {
  await writeAtomic(join(folder, RUN_FILES[name]), `${JSON.stringify(content, null, 2)}\n`);
}

function codeVersion({ bgb, code }: Environment): string {
  return code ? `${bgb}+${code.commit.slice(0, 12)}${code.is_dirty ? '.dirty' : ''}` : bgb;
}
