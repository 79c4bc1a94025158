/**
 * Copies a folder between this machine and the results of a place: several files at once, each in pieces, gone on with where
 * a copy broke off, compared by SHA-256 and only then under its name. A destination that holds another version is refused.
 */
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { BgbError, InputError } from '../errors.ts';
import { sha256File, writeAtomic } from '../files/index.ts';
import { unlessAborted, workAtOnce } from './at-once.ts';
import {
  type FileMark,
  type FileMarks,
  marksHere,
  marksThere,
  PART,
  TRANSFER,
  versionOf,
} from './file-marks.ts';
import type { Container } from './place.ts';
import { mustExecute, readFiles, refuseExecuted, writeFile } from './remote-files.ts';

export interface TransferOptions {
  readonly onProgress: (
    done: { files: number; bytes: number },
    all: { files: number; bytes: number },
  ) => void;
  readonly signal: AbortSignal;
  /** Files at once. */
  readonly atOnce?: number;
}

export interface Transferred {
  /** Files in all, and how many of them had to be copied. */
  readonly files: number;
  readonly copied: number;
  readonly bytes: number;
}

/** Appends what comes to the part of the file $0, or begins it. */
const WRITE = (isFirst: boolean) =>
  isFirst ? `mkdir -p "$(dirname "$0")" && cat > "$0${PART}"` : `cat >> "$0${PART}"`;
/** Takes the part as the file where its hash is $1. */
const DIFFERS = 30;
const CHECK = `{ [ "$(sha256sum < "$0${PART}" | cut -c1-64)" = "$1" ] || { rm -f "$0${PART}"; exit ${DIFFERS}; }; mv "$0${PART}" "$0"; }`; // biome-ignore format: one script
const PIECE_BYTES = 4 << 20;
const AT_ONCE = 8;
/** A run that goes on changes its files while they are copied: so often they are listed anew. */
const ROUNDS = 3;

/**
 * Copies a folder of the results here. `identity` names the file that tells one version from another (`run.json` of a run);
 * null: all files together do.
 *
 * @throws InputError `PLACE_TWO_VERSIONS`, `PLACE_MISSING`
 */
export async function pull(
  container: Container,
  from: string,
  to: string,
  { identity, ...options }: TransferOptions & { identity: string | null },
): Promise<Transferred> {
  for (let round = 1; ; round++) {
    const there = await unlessAborted(marksThere(container, from), options.signal);
    if (there.marks.size === 0)
      throw new InputError(
        'PLACE_MISSING',
        `${from} is not there, or empty. bgb modal status lists the runs.`,
      );
    const here = await marksHere(to, options.signal);
    const version = versionBy(identity, there.marks, from);
    await claimHere(to, from, version, identity, here.marks, there.marks);
    const missing = difference(there.marks, here.marks);
    const changed: string[] = [];
    await copyAll(missing, options, async (path, mark, signal) => {
      const isWhole = await pullFile(container, join(to, path), posix.join(from, path), mark, signal);
      if (!isWhole) changed.push(path);
    });
    if (changed.length === 0) {
      await rm(join(to, TRANSFER), { force: true });
      return summary(there.marks, missing);
    }
    if (round < ROUNDS) {
      await container.refresh();
      continue;
    }
    throw new BgbError(
      'PLACE_CHANGING',
      `${changed.length} files changed while they were copied ${ROUNDS} times, such as ${changed[0]}. What was copied before is whole. Wait for the run, or stop it, and repeat the command.`,
    );
  }
}

/**
 * Copies a folder of this machine into the results.
 *
 * @throws InputError `PLACE_TWO_VERSIONS`, `PLACE_MISSING`
 */
export async function push(
  container: Container,
  from: string,
  to: string,
  options: TransferOptions & { readonly commit: readonly string[] | null },
): Promise<Transferred> {
  const here = await marksHere(from, options.signal);
  if (here.marks.size === 0)
    throw new InputError('PLACE_MISSING', `${from} is not there, or empty. Give a folder with files.`);
  const there = await unlessAborted(marksThere(container, to), options.signal);
  const version = versionOf(here.marks);
  const claim = posix.join(to, TRANSFER);
  const claimed = claimIn((await readFiles(container, [claim])).get(claim));
  refuseMixture(to, version, claimed, here.marks, there.marks);
  await writeFile(container, claim, claimText(from, version), null);
  const missing = difference(here.marks, there.marks);
  await copyAll(missing, options, async (path, mark, signal) => {
    const part = there.parts.get(path) ?? 0;
    await pushFile(container, join(from, path), posix.join(to, path), mark, { part, signal });
  });
  await mustExecute(container, ['rm', '-f', claim]);
  if (options.commit !== null) await mustExecute(container, options.commit);
  return summary(here.marks, missing);
}

/** Copies one file of this machine there, unless it is there already. */
export async function pushOne(
  container: Container,
  from: string,
  to: string,
  commit: readonly string[] | null,
): Promise<boolean> {
  const mark = { size: (await stat(from)).size, sha256: await sha256File(from) };
  const { output } = await container.execute(['sha256sum', to]);
  if (output.toString('utf8').startsWith(mark.sha256)) return false;
  await pushFile(container, from, to, mark, { part: 0, signal: new AbortController().signal });
  if (commit !== null) await mustExecute(container, commit);
  return true;
}

async function pushFile(
  container: Container,
  from: string,
  to: string,
  { size, sha256 }: FileMark,
  { part, signal }: { readonly part: number; readonly signal: AbortSignal },
): Promise<void> {
  let at = Math.min(part, size);
  await using file = await open(from, 'r');
  const piece = Buffer.alloc(Math.min(PIECE_BYTES, size));
  // The last piece, of a small file the only one, brings the check with it.
  while (true) {
    const { bytesRead } = await file.read(piece, 0, Math.min(PIECE_BYTES, size - at), at);
    const isLast = at + bytesRead >= size || bytesRead === 0;
    const script = `${WRITE(at === 0)}${isLast ? ` && ${CHECK}` : ''}`;
    const sending = container.execute(['sh', '-c', script, to, sha256], piece.subarray(0, bytesRead));
    const { code, errors } = await unlessAborted(sending, signal);
    at += bytesRead;
    if (code !== 0 && code !== DIFFERS) refuseExecuted('sh', code, errors);
    if (isLast && code === 0) return;
    if (isLast) break;
  }
  // A part of another version, or a file that changes: once more from the start tells.
  if (part > 0) return await pushFile(container, from, to, { size, sha256 }, { part: 0, signal });
  throw new BgbError(
    'PLACE_COPY',
    `The copy of ${from} at ${to} differs. Is the file being written? Repeat the command.`,
  );
}

/** @returns false where what arrived is not what was listed */
async function pullFile(
  container: Container,
  to: string,
  from: string,
  mark: FileMark,
  signal: AbortSignal,
): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true });
  const part = to + PART;
  await using file = await open(part, 'a+');
  let { size: at } = await file.stat();
  if (at > mark.size) {
    await file.truncate(0);
    at = 0;
  }
  while (at < mark.size) {
    const script = `tail -c +${at + 1} "$0" | head -c ${Math.min(PIECE_BYTES, mark.size - at)}`;
    const { output } = await unlessAborted(mustExecute(container, ['sh', '-c', script, from]), signal);
    if (output.length === 0) break;
    await file.appendFile(output);
    at += output.length;
  }
  await file.sync();
  if ((await sha256File(part)) !== mark.sha256) {
    await rm(part, { force: true });
    return false;
  }
  await rename(part, to);
  return true;
}

async function copyAll(
  missing: FileMarks,
  { onProgress, signal, atOnce = AT_ONCE }: TransferOptions,
  copy: (path: string, mark: FileMark, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const all = { files: missing.size, bytes: bytesOf(missing) };
  const done = { files: 0, bytes: 0 };
  await workAtOnce(missing, { atOnce, signal }, async ([path, mark], stop) => {
    await copy(path, mark, stop);
    done.files++;
    done.bytes += mark.size;
    onProgress(done, all);
  });
}

/** Notes at the destination what is being copied, refusing one that holds something else. */
async function claimHere(
  to: string,
  from: string,
  version: string,
  identity: string | null,
  here: FileMarks,
  there: FileMarks,
): Promise<void> {
  const path = join(to, TRANSFER);
  const claimed = claimIn(await readFile(path, 'utf8').catch(() => undefined));
  if (identity === null) refuseMixture(to, version, claimed, there, here);
  else {
    const own = here.get(identity)?.sha256.slice(0, 16) ?? (here.size > 0 ? (claimed ?? 'unknown') : version);
    if (own !== version) throw twoVersions(to, own, version);
  }
  await writeAtomic(path, claimText(from, version));
}

function versionBy(identity: string | null, marks: FileMarks, folder: string): string {
  if (identity === null) return versionOf(marks);
  const mark = marks.get(identity);
  if (mark === undefined)
    throw new InputError(
      'PLACE_MISSING',
      `${folder} has no ${identity}: nothing of the run is there yet. Wait for its first lines.`,
    );
  return mark.sha256.slice(0, 16);
}

/** Files of the same path and other content mean two versions, unless they are of a copy of this one that broke off. */
function refuseMixture(
  to: string,
  version: string,
  claimed: string | null,
  source: FileMarks,
  destination: FileMarks,
): void {
  if (claimed !== null && claimed !== version) throw twoVersions(to, claimed, version);
  const strange = [...destination].find(([path, mark]) => source.get(path)?.sha256 !== mark.sha256);
  if (strange !== undefined && claimed === null) throw twoVersions(to, `another ${strange[0]}`, version);
}

function twoVersions(to: string, found: string, expected: string): InputError {
  return new InputError(
    'PLACE_TWO_VERSIONS',
    `${to} holds another version (${found}) than what is to be copied (${expected}); the two are not mixed. Use another folder, or remove that one first.`,
  );
}

function claimText(from: string, version: string): string {
  return `${JSON.stringify({ from, version })}\n`;
}

function claimIn(text: string | undefined): string | null {
  try {
    return text === undefined ? null : (JSON.parse(text) as { version: string }).version;
  } catch {
    return null;
  }
}

function difference(source: FileMarks, destination: FileMarks): FileMarks {
  return new Map([...source].filter(([path, { sha256 }]) => destination.get(path)?.sha256 !== sha256));
}

function summary(marks: FileMarks, missing: FileMarks): Transferred {
  return { files: marks.size, copied: missing.size, bytes: bytesOf(missing) };
}

function bytesOf(marks: FileMarks): number {
  return [...marks.values()].reduce((sum, { size }) => sum + size, 0);
}
