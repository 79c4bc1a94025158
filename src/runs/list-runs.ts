import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BgbError, InputError, messageOf } from '../errors.ts';
import { exists, RUN_FILES } from './run-record.ts';
import { type RunStatus, readRunStatus } from './run-status.ts';

/** A run that cannot be read, and why. */
export interface DamagedRun {
  readonly folder: string;
  readonly name: string;
  readonly problem: string;
}

/** Folders below which runs are looked for: `results/sweep/fold-1/run`. */
const DEEPEST = 4;
/** Runs looked at at once. */
const AT_ONCE = 16;

/**
 * The runs at and below a folder, the newest first; those that cannot be read are told apart.
 *
 * @throws InputError `RUNS_FOLDER` where the folder cannot be read
 */
export async function listRuns(
  folder: string,
  now: Date,
): Promise<{ readonly runs: readonly RunStatus[]; readonly damaged: readonly DamagedRun[] }> {
  const folders = await runFolders(folder);
  const runs: RunStatus[] = [];
  const damaged: DamagedRun[] = [];
  let next = 0;
  const work = async () => {
    for (let at = next++; at < folders.length; at = next++) {
      const found = folders[at]!;
      try {
        runs.push(await readRunStatus(found, now));
      } catch (error) {
        if (!(error instanceof BgbError)) throw error;
        damaged.push({ folder: found, name: basename(found), problem: error.message });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const byName = (a: { folder: string }, b: { folder: string }) => (a.folder < b.folder ? -1 : 1);
  return {
    runs: runs.sort((a, b) => b.createdAt.localeCompare(a.createdAt) || byName(a, b)),
    damaged: damaged.sort(byName),
  };
}

/** Folders at and below one that hold a run, by name. @throws InputError `RUNS_FOLDER` */
export async function runFolders(folder: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (at: string, depth: number): Promise<void> => {
    if (await exists(join(at, RUN_FILES.run))) {
      found.push(at);
      return;
    }
    if (depth === DEEPEST) return;
    let entries: Awaited<ReturnType<typeof subfolders>>;
    try {
      entries = await subfolders(at);
    } catch (cause) {
      if (depth > 0) return;
      throw new InputError('RUNS_FOLDER', `Cannot look for runs in ${at}: ${messageOf(cause)}.`, { cause });
    }
    for (const name of entries) await look(join(at, name), depth + 1);
  };
  await look(folder, 0);
  return found.sort();
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}

/**
 * The folder of a run that is named by its folder, or by the last part of it.
 *
 * @param results where runs with such a name are looked for
 * @throws InputError `RUN_MISSING` where there is none, `RUN_AMBIGUOUS` where there are several
 */
export async function findRun(run: string, results: string): Promise<string> {
  if (await exists(join(run, RUN_FILES.run))) return run;
  const all = (await exists(results)) ? await runFolders(results) : [];
  const named = all.filter((folder) => basename(folder) === run || folder.endsWith(`/${run}`));
  if (named.length === 1) return named[0]!;
  if (named.length > 1)
    throw new InputError(
      'RUN_AMBIGUOUS',
      `Several runs are called ${run}: ${named.join(', ')}. Give the folder.`,
    );
  const there = all.map((folder) => basename(folder));
  const others =
    there.length > 0
      ? ` Runs in ${results}: ${there.slice(0, 10).join(', ')}${there.length > 10 ? ', ...' : ''}.`
      : '';
  throw new InputError(
    'RUN_MISSING',
    `${run} is no run: there is no ${RUN_FILES.run} in it, and no run of that name below ${results}.${others} bgb runs lists them.`,
  );
}
