/** What the files of a run folder say, read without writing anything. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, messageOf } from '../errors.ts';
import { CHECKPOINT_FOLDER } from './checkpoint.ts';
import type { Json } from './checkpoint-state.ts';
import { parseConfigText, type ResolvedConfig } from './config-record.ts';
import { environmentRecord } from './environment.ts';

/** Names in a run folder. */
export const RUN_FILES = {
  run: 'run.json',
  config: 'config.yaml',
  environment: 'environment.json',
  fingerprint: 'fingerprint.json',
  recordings: 'recordings.json',
  events: 'events.jsonl',
  superseded: 'events.superseded.jsonl',
  tensorboard: 'tensorboard',
  checkpoints: CHECKPOINT_FOLDER,
  heartbeat: 'heartbeat.json',
  log: 'run.log',
  lock: 'run.lock',
  done: 'done.json',
} as const;

/** Content of `run.json`, the first file of a run. */
const runFile = z.strictObject({
  format: z.literal('bgb-run'),
  version: z.literal(1),
  id: z.string(),
  created_at: z.iso.datetime(),
  /** Content hashes of the data, by split. */
  data: z.record(z.string(), z.string()),
});

/** One entry of `environment.json`: the first start, or a resume. */
const sessionRecord = z.strictObject({
  started_at: z.iso.datetime(),
  environment: environmentRecord,
  /** The configuration that this session had; null in runs of earlier versions. */
  configuration: z
    .strictObject({
      result_sha256: z.string(),
      rest_sha256: z.string(),
      /** Values other than those of `config.yaml`, by dotted field. */
      changed: z.record(z.string(), z.json()),
    })
    .nullable()
    .default(null),
});

/** See {@link sessionRecord}. */
export type RunSession = z.infer<typeof sessionRecord>;

/** Content of `environment.json`. */
const environmentFile = z.strictObject({ sessions: z.array(sessionRecord).min(1) });

const doneFile = z.looseObject({ finished_at: z.iso.datetime(), summary: z.record(z.string(), z.json()) });

/** A run as its folder tells it. */
export interface RunRecord {
  readonly id: string;
  readonly createdAt: string;
  readonly data: Readonly<Record<string, string>>;
  readonly config: ResolvedConfig['values'];
  readonly sessions: readonly RunSession[];
  /** The summary given at the end; null unless the run has finished, which only `done.json` says. */
  readonly summary: { readonly [name: string]: Json } | null;
}

/** How far a folder has come to be a run. */
export type RunStage = 'none' | 'start-interrupted' | 'unfinished' | 'finished';

/** Whether a folder holds a run, and how far that came. */
export async function runStage(folder: string): Promise<RunStage> {
  if (!(await exists(join(folder, RUN_FILES.run)))) return 'none';
  if (await exists(join(folder, RUN_FILES.done))) return 'finished';
  // The log is made last when a run starts: without it, no step has been taken.
  return (await exists(join(folder, RUN_FILES.events))) ? 'unfinished' : 'start-interrupted';
}

/** What `run.json` says. @throws InputError `RUN_MISSING` where there is none, `RUN_FILE` where it is damaged */
export async function readRunIdentity(folder: string): Promise<z.infer<typeof runFile>> {
  if ((await runStage(folder)) === 'none')
    throw new InputError('RUN_MISSING', `${folder} holds no run: it has no ${RUN_FILES.run}.`);
  return readChecked(join(folder, RUN_FILES.run), runFile);
}

/**
 * Reads a run folder, for reports and for resuming.
 *
 * @throws InputError `RUN_MISSING` if it holds no run, `RUN_FILE` or `RUN_CONFIG` if a file of it is unusable.
 */
export async function readRun(folder: string): Promise<RunRecord> {
  const stage = await runStage(folder);
  if (stage === 'none' || stage === 'start-interrupted') {
    throw new InputError(
      'RUN_MISSING',
      `${folder} holds no run: ${stage === 'none' ? `it has no ${RUN_FILES.run}` : 'the start of one was interrupted'}. ` +
        'Start it without --resume, or give the output_dir of a run.',
    );
  }
  const run = await readChecked(join(folder, RUN_FILES.run), runFile);
  const environment = await readChecked(join(folder, RUN_FILES.environment), environmentFile);
  const configPath = join(folder, RUN_FILES.config);
  const done = stage === 'finished' ? await readChecked(join(folder, RUN_FILES.done), doneFile) : null;
  return {
    id: run.id,
    createdAt: run.created_at,
    data: run.data,
    config: parseConfigText(await readText(configPath), configPath),
    sessions: environment.sessions,
    summary: done?.summary ?? null,
  };
}

/** A JSON file of a run folder, checked. @throws InputError `RUN_FILE` */
export async function readChecked<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  try {
    return schema.parse(JSON.parse(await readText(path)));
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const what = issue ? `${issue.path.join('.')}: ${issue.message}` : messageOf(cause);
    throw new InputError('RUN_FILE', `${path} is not as bgb writes it: ${what}. Restore it from a copy.`, {
      cause,
    });
  }
}

/** @throws InputError `RUN_FILE` */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Whether something is there; not being allowed to look is an error. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): InputError {
  return new InputError('RUN_FILE', `Cannot read ${path}: ${messageOf(cause)}. Restore it from a copy.`, {
    cause,
  });
}
