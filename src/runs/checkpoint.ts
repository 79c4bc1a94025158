/**
 * Checkpoints: `NAME.json` and the tensors file it names, `NAME-<16 hex of its SHA-256>.safetensors`.
 *
 * The JSON is the checkpoint. It is replaced atomically and last, and names the tensors by their hash, so at
 * any moment it names a whole file: the previous one or the new one. A tensors file that no JSON names is
 * left over from a save that was cut short, and the next save of that name removes it. Those before the last one can be
 * kept (kept-checkpoints.ts).
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { BgbError, InputError, messageOf } from '../errors.ts';
import { linkAtomic, writeAtomic } from '../files/index.ts';
import { type CheckpointState, checkpointState, stateText } from './checkpoint-state.ts';
import { keepBeforeReplacing, removeLeftovers } from './kept-checkpoints.ts';
import { SafetensorsFile } from './safetensors-file.ts';
import type { StoredTensor } from './safetensors-header.ts';
import { copySafetensors, layOutSafetensors, writeImage } from './safetensors-write.ts';

/** Names of the two checkpoints that every run keeps. */
export type RunCheckpoint = 'best' | 'last';

/** The folder of a run that holds its checkpoints. */
export const CHECKPOINT_FOLDER = 'checkpoints';

const FORMAT = 'bgb-checkpoint';
const VERSION = 1;
const NAME = /^[a-z0-9][a-z0-9._-]*$/;

const record = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  name: z.string().regex(NAME),
  tensors: z.strictObject({
    file: z.string().regex(/^[a-z0-9][a-z0-9._-]*-[0-9a-f]{16}\.safetensors$/),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.int().positive(),
  }),
  state: checkpointState,
});
const namedTensors = z.object({ tensors: z.object({ file: z.string() }) });
type CheckpointRecord = z.infer<typeof record>;

/** A loaded checkpoint. Its tensors are read from the open file when asked for; dispose of it afterwards. */
export interface Checkpoint extends AsyncDisposable {
  readonly name: string;
  /** The JSON file. */
  readonly path: string;
  readonly state: CheckpointState;
  readonly tensors: SafetensorsFile;
  /** SHA-256 of the tensors file, for reports. */
  readonly sha256: string;
}

/**
 * Saves a checkpoint. A crash at any moment leaves the previous checkpoint of this name, or the new one.
 *
 * @param folder made if missing.
 * @param name lower-case letters, digits, `.`, `_`, `-`, such as `last`, `best`, `epoch-0005`.
 * @param content.keep checkpoints of this name that stay, this one and those before it; 1 unless given.
 * @param content.also other names for the same checkpoint, which get it first. Their tensors are one file, where the file
 * system has links.
 * @returns the path of the JSON file.
 * @throws BgbError `CHECKPOINT_STATE`, `SAFETENSORS_TENSOR`, before anything is written.
 */
export async function saveCheckpoint(
  folder: string,
  name: string,
  content: {
    tensors: ReadonlyMap<string, StoredTensor>;
    state: CheckpointState;
    keep?: number;
    also?: readonly string[];
  },
): Promise<string> {
  const { keep = 1, also = [] } = content;
  const names = [...also, name];
  for (const each of names) requireName(each);
  const image = await layOutSafetensors(content.tensors, { format: FORMAT });
  const records = names.map((each) => ({ each, ...recordOf(each, image, content.state) }));
  const first = join(folder, records[0]!.file);
  await writeImage(first, image);
  for (const { each, file, text } of records) {
    const tensors = join(folder, file);
    if (tensors !== first && !(await linkAtomic(first, tensors))) await writeImage(tensors, image);
    const kept = each === name ? keep : 1;
    if (kept > 1) await keepBeforeReplacing(folder, each);
    await writeAtomic(join(folder, `${each}.json`), text);
    await removeLeftovers(folder, each, kept);
  }
  return join(folder, `${name}.json`);
}

/**
 * Opens a checkpoint and verifies its tensors against the hash in its JSON.
 *
 * @param path its `.json` or `.safetensors` file, or a run folder (or its `checkpoints` folder).
 * @param prefer which checkpoint of a folder; the other one is taken where this is absent.
 * @throws InputError `CHECKPOINT_MISSING`, `CHECKPOINT_JSON`, `CHECKPOINT_HALF`, `SAFETENSORS_*`
 */
export async function loadCheckpoint(path: string, prefer: RunCheckpoint = 'best'): Promise<Checkpoint> {
  const jsonPath = await findCheckpoint(path, prefer);
  for (;;) {
    const text = await readText(jsonPath);
    const saved = parseRecord(text, jsonPath);
    try {
      return await openPair(jsonPath, saved);
    } catch (error) {
      // A running training may have replaced the pair since its JSON was read; only then it is read again.
      if ((await readText(jsonPath)) === text) throw error;
    }
  }
}

/**
 * Writes a checkpoint with another one's tensors, byte for byte, and a state of its own. A crash at any moment leaves no
 * checkpoint of this name, or the whole one.
 *
 * @param folder made if missing; must not hold a checkpoint of this name
 * @returns the path of the JSON file
 * @throws InputError `CHECKPOINT_EXISTS`, `CHECKPOINT_HALF` where the tensors changed while they were copied; BgbError
 * `CHECKPOINT_STATE`
 */
export async function copyCheckpoint(
  checkpoint: Checkpoint,
  folder: string,
  name: string,
  state: CheckpointState,
): Promise<string> {
  requireName(name);
  const path = join(folder, `${name}.json`);
  if (await isFile(path))
    throw new InputError(
      'CHECKPOINT_EXISTS',
      `${path} is a checkpoint already; it is not replaced. Choose another name.`,
    );
  const { sha256 } = checkpoint;
  const { size: bytes } = await stat(checkpoint.tensors.path);
  const { file, text } = recordOf(name, { sha256, bytes }, state);
  await copySafetensors(checkpoint.tensors.path, join(folder, file), sha256);
  await writeAtomic(path, text);
  return path;
}

/** Whether a name can be a checkpoint's. */
export function isCheckpointName(name: string): boolean {
  return NAME.test(name);
}

function requireName(name: string): void {
  if (isCheckpointName(name)) return;
  throw new BgbError(
    'CHECKPOINT_STATE',
    `${JSON.stringify(name)} cannot name a checkpoint; it must match ${NAME}.`,
  );
}

/** The JSON of a checkpoint, and the file of tensors that it names. @throws BgbError `CHECKPOINT_STATE` */
function recordOf(
  name: string,
  { sha256, bytes }: { readonly sha256: string; readonly bytes: number },
  state: CheckpointState,
): { file: string; text: string } {
  const file = `${name}-${sha256.slice(0, 16)}.safetensors`;
  const saved: CheckpointRecord = {
    ...{ format: FORMAT, version: VERSION, name },
    tensors: { file, sha256, bytes },
    state,
  };
  const text = stateText(saved);
  const checked = record.safeParse(saved);
  if (checked.success) return { file, text };
  throw new BgbError('CHECKPOINT_STATE', `Not a checkpoint state: ${issueText(checked.error)}.`);
}

/**
 * The JSON file of the checkpoint that a path means; see {@link loadCheckpoint}.
 *
 * @throws InputError `CHECKPOINT_MISSING`, `CHECKPOINT_HALF`
 */
export async function findCheckpoint(path: string, prefer: RunCheckpoint = 'best'): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw missing(`Cannot read ${path}: ${messageOf(cause)}.`, cause);
  });
  if (found.isDirectory()) return findInFolder(path, prefer);
  if (path.endsWith('.json')) return path;
  if (path.endsWith('.safetensors')) return findByTensors(path);
  throw missing(`${path} is neither a run folder nor a .json or .safetensors file of a checkpoint.`);
}

async function findInFolder(folder: string, prefer: RunCheckpoint): Promise<string> {
  const names = prefer === 'best' ? ['best', 'last'] : ['last', 'best'];
  for (const within of [join(folder, CHECKPOINT_FOLDER), folder]) {
    for (const name of names) {
      const path = join(within, `${name}.json`);
      if (await isFile(path)) return path;
    }
  }
  throw missing(
    `${folder} holds no checkpoint: expected ${CHECKPOINT_FOLDER}/best.json or ${CHECKPOINT_FOLDER}/last.json. ` +
      'Give the output_dir of a run that has saved one.',
  );
}

async function findByTensors(path: string): Promise<string> {
  const folder = dirname(path);
  for (const entry of (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()) {
    const jsonPath = join(folder, entry);
    if (!(await isFile(jsonPath))) continue;
    const named = namedTensors.safeParse(parseOrNull(await readText(jsonPath)));
    if (named.success && named.data.tensors.file === basename(path)) return jsonPath;
  }
  throw new InputError(
    'CHECKPOINT_HALF',
    `No checkpoint in ${folder} names ${basename(path)}: it is left over from a save that was cut short, ` +
      'or its .json is missing. Use one of the .json files there.',
  );
}

async function openPair(jsonPath: string, saved: CheckpointRecord): Promise<Checkpoint> {
  const tensorsPath = join(dirname(jsonPath), saved.tensors.file);
  if (!(await isFile(tensorsPath))) {
    throw new InputError(
      'CHECKPOINT_HALF',
      `${jsonPath} names ${saved.tensors.file}, but that file is not beside it. Copy both files together.`,
    );
  }
  const tensors = await SafetensorsFile.open(tensorsPath);
  const sha256 = await tensors.sha256();
  if (sha256 !== saved.tensors.sha256) {
    await tensors.close();
    throw new InputError(
      'CHECKPOINT_HALF',
      `${tensorsPath} has SHA-256 ${sha256}, but ${basename(jsonPath)} expects ${saved.tensors.sha256}: ` +
        'the file is damaged or of another checkpoint. Copy both files again.',
    );
  }
  return {
    name: saved.name,
    path: jsonPath,
    state: saved.state,
    tensors,
    sha256,
    [Symbol.asyncDispose]: () => tensors.close(),
  };
}

function parseRecord(text: string, path: string): CheckpointRecord {
  let checked: z.ZodSafeParseResult<CheckpointRecord>;
  try {
    checked = record.safeParse(JSON.parse(text));
  } catch (cause) {
    // Not JSON, or nested so deeply that checking it exhausts the stack.
    throw new InputError('CHECKPOINT_JSON', `${path} is not JSON of a checkpoint: ${messageOf(cause)}.`, {
      cause,
    });
  }
  if (checked.success) return checked.data;
  throw new InputError(
    'CHECKPOINT_JSON',
    `${path} is not a checkpoint of version ${VERSION}: ${issueText(checked.error)}. ` +
      'Give the .json of a checkpoint that this version of bgb saved.',
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw missing(`Cannot read ${path}: ${messageOf(cause)}.`, cause);
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw missing(`Cannot read ${path}: ${messageOf(cause)}.`, cause);
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function missing(message: string, cause?: unknown): InputError {
  return new InputError('CHECKPOINT_MISSING', message, cause === undefined ? undefined : { cause });
}

function issueText(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `${issue.path.join('.') || 'the file'}: ${issue.message}`;
}
