/**
 * The checkpoints before the last one: `NAME-step-120.json`, each naming its tensors as the last one does. They are what a
 * run resumes from when the last one turns out to be damaged.
 */
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { isTemporaryName, writeAtomic } from '../files/index.ts';

/** The parts of a checkpoint's JSON that keeping it needs. */
interface Named {
  readonly step: number;
  readonly tensors: string;
}

/** Keeps the checkpoint of this name, which is about to be replaced, under the name of its step. */
export async function keepBeforeReplacing(folder: string, name: string): Promise<void> {
  const text = await readFile(join(folder, `${name}.json`), 'utf8').catch(() => null);
  const named = text === null ? null : namedIn(text);
  if (named !== null) await writeAtomic(join(folder, `${name}-step-${named.step}.json`), text!);
}

/** Names of the kept JSON files, the latest step first. */
async function keptBefore(folder: string, name: string): Promise<string[]> {
  const pattern = new RegExp(`^${RegExp.escape(name)}-step-(\\d+)\\.json$`);
  const stepOf = (entry: string) => Number(pattern.exec(entry)![1]);
  return (await readdir(folder)).filter((entry) => pattern.test(entry)).sort((a, b) => stepOf(b) - stepOf(a));
}

/**
 * Removes what a name no longer needs: kept checkpoints beyond `keep` - 1, tensors that none of the rest names, and what
 * saves that were cut short have left.
 */
export async function removeLeftovers(folder: string, name: string, keep: number): Promise<void> {
  const kept = await keptBefore(folder, name);
  for (const entry of kept.slice(Math.max(0, keep - 1))) await rm(join(folder, entry), { force: true });
  const needed = new Set<string>();
  for (const entry of [`${name}.json`, ...kept.slice(0, Math.max(0, keep - 1))]) {
    const named = namedIn(await readFile(join(folder, entry), 'utf8'));
    if (named !== null) needed.add(named.tensors);
  }
  const tensors = new RegExp(`^${RegExp.escape(name)}-[0-9a-f]{16}\\.safetensors$`);
  const temporary = new RegExp(
    `^\\.${RegExp.escape(name)}(-[0-9a-f]{16}\\.safetensors|(-step-\\d+)?\\.json)\\.`,
  );
  for (const entry of await readdir(folder)) {
    const isOld = tensors.test(entry) && !needed.has(entry);
    if (isOld || (isTemporaryName(entry) && temporary.test(entry)))
      await rm(join(folder, entry), { force: true });
  }
}

/** A checkpoint that cannot be used, and why. */
export interface DamagedCheckpoint {
  readonly path: string;
  readonly reason: string;
}

/** Codes of errors that say that a file's content is not what was saved. */
const DAMAGE = new Set(['CHECKPOINT_JSON', 'CHECKPOINT_HALF', 'SAFETENSORS_HEADER', 'SAFETENSORS_SHORT']);

/**
 * The latest checkpoint of a name that is whole.
 *
 * @param open opens the checkpoint of a JSON file, and throws where it is damaged
 * @throws InputError of the latest one where all are damaged, naming them all; there must be one
 */
export async function latestWhole<Checkpoint>(
  folder: string,
  name: string,
  open: (path: string) => Promise<Checkpoint>,
): Promise<{ checkpoint: Checkpoint; damaged: DamagedCheckpoint[] }> {
  const damaged: DamagedCheckpoint[] = [];
  let first: InputError | null = null;
  const entries = [`${name}.json`, ...(await keptBefore(folder, name))];
  const there = await readdir(folder);
  for (const path of entries.filter((entry) => there.includes(entry)).map((entry) => join(folder, entry))) {
    try {
      return { checkpoint: await open(path), damaged };
    } catch (error) {
      if (!(error instanceof InputError) || !DAMAGE.has(error.code)) throw error;
      first ??= error;
      damaged.push({ path, reason: error.message });
    }
  }
  if (damaged.length <= 1) throw first!;
  throw new InputError(first!.code, damaged.map(({ reason }) => reason).join('\n'), { cause: first });
}

/**
 * Takes damaged checkpoints out of the way, under names that nothing looks for; the one before becomes the last, and its new path is
 * returned.
 */
export async function setAside(
  folder: string,
  name: string,
  damaged: readonly DamagedCheckpoint[],
  whole: string,
): Promise<string> {
  for (const { path } of damaged) await rename(path, `${path}.damaged`);
  const last = join(folder, `${name}.json`);
  if (whole !== last) await rename(whole, last);
  return last;
}

function namedIn(text: string): Named | null {
  try {
    const { state, tensors } = JSON.parse(text) as { state: { step: number }; tensors: { file: string } };
    return Number.isSafeInteger(state.step) && typeof tensors.file === 'string'
      ? { step: state.step, tensors: tensors.file }
      : null;
  } catch {
    // Damaged: it names nothing, and is not worth keeping.
    return null;
  }
}
