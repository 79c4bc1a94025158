import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { CENSUS_FILE, listEntries, listRecordings, MANIFEST_FILE } from '../cache/index.ts';
import { configSchema, SPLITS } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { RUN_FILES } from '../runs/index.ts';
import { shellWord } from '../words.ts';
import type { TargetKind } from './subject.ts';

/** Looked at where nothing is named. */
const USUAL_CONFIG = 'configs/local/train.yaml';

const WHAT = "Give a configuration (YAML), a run's folder, a cache or a folder of recordings.";

/**
 * What a path is.
 *
 * @throws InputError `DOCTOR_TARGET` for what cannot be looked at, naming what it is of, and what to give instead
 */
export async function targetOf(path: string | null): Promise<{ kind: TargetKind; path: string }> {
  if (path === null)
    return existsSync(USUAL_CONFIG)
      ? { kind: 'configuration', path: USUAL_CONFIG }
      : { kind: 'machine', path: '.' };
  const found = await stat(path).catch(() => null);
  if (found === null) refuse(`${path}: there is nothing of that name. ${WHAT}`);
  if (!found.isDirectory()) return fileTarget(path);
  if (existsSync(join(path, RUN_FILES.run))) return { kind: 'run', path };
  const runs = (await readdir(path)).filter((name) => existsSync(join(path, name, RUN_FILES.run)));
  if (runs.length > 0)
    refuse(
      `${path}: a folder of runs. Give one of them, such as ${join(path, runs.sort()[0]!)}; bgb runs lists them.`,
    );
  if (await isCache(path)) return { kind: 'cache', path };
  if ((await listRecordings(path)).length > 0) return { kind: 'recordings', path };
  const inside = runAbove(path);
  if (inside !== null) refuse(`${path}: a part of the run ${inside}. ${instead(inside)}`);
  return refuse(`${path}: a folder without cache entries, recordings or a run. ${WHAT}`);
}

async function isCache(folder: string): Promise<boolean> {
  const places = [folder, ...[...SPLITS, 'val'].map((split) => join(folder, split))];
  const isTold = places.some((place) =>
    [MANIFEST_FILE, CENSUS_FILE].some((name) => existsSync(join(place, name))),
  );
  return isTold || (await listEntries(folder)).length > 0;
}

/** Only a configuration can be looked at alone; of other files it is said what they belong to. */
async function fileTarget(path: string): Promise<{ kind: TargetKind; path: string }> {
  const name = basename(path);
  const run = runAbove(path);
  if (run !== null && name !== RUN_FILES.config) refuse(`${path}: a file of the run ${run}. ${instead(run)}`);
  if (/\.ya?ml$/i.test(name)) return { kind: 'configuration', path };
  if (/\.npz$/i.test(name) || name === MANIFEST_FILE || name === CENSUS_FILE) {
    const cache = await cacheAbove(path);
    refuse(
      `${path}: a file of a cache${cache === null ? '. Give the folder of the cache.' : `. ${instead(cache)}`}`,
    );
  }
  if (/\.(edf|bdf)$/i.test(name))
    refuse(`${path}: a recording. bgb edf ${shellWord(path)} shows it. ${instead(dirname(path))}`);
  if (/\.(csv_bi|csv|tsv)$/i.test(name))
    refuse(`${path}: an annotation, by its name. ${instead(dirname(path))}`);
  if (/\.safetensors$/i.test(name)) refuse(`${path}: weights, which are of no run here. ${WHAT}`);
  if (await isConfiguration(path)) return { kind: 'configuration', path };
  return refuse(`${path}: ${kindByName(name)}, and no configuration. ${WHAT}`);
}

function kindByName(name: string): string {
  if (/\.jsonl?$/i.test(name)) return 'a JSON file';
  return /\.(log|out|err|txt)$/i.test(name) ? 'a log' : 'a file';
}

function instead(folder: string): string {
  return `Give its folder: bgb doctor ${shellWord(folder)}`;
}

/** The run that a path lies in; null where it is in none. */
function runAbove(path: string): string | null {
  let at = dirname(resolve(path));
  // Checkpoints and TensorBoard files lie one folder down.
  for (let depth = 0; depth < 2; depth++, at = dirname(at))
    if (existsSync(join(at, RUN_FILES.run))) return relative('.', at) || '.';
  return null;
}

/** The root of the cache that a file lies in, by its split's folder. */
async function cacheAbove(path: string): Promise<string | null> {
  for (let at = dirname(resolve(path)); dirname(at) !== at; at = dirname(at))
    if ([...SPLITS, 'val'].includes(basename(at))) return relative('.', dirname(at)) || '.';
  const folder = dirname(resolve(path));
  return (await isCache(folder)) ? relative('.', folder) || '.' : null;
}

/** No configuration is as long. */
const LONGEST = 1 << 20;

/** Whether a file of whatever name is a map with a section of a configuration. */
async function isConfiguration(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST), 0, LONGEST, 0);
  const text = buffer.toString('utf8', 0, bytesRead);
  if (bytesRead === LONGEST || text.includes('\0')) return false;
  try {
    const content: unknown = parse(text);
    const sections = Object.keys(configSchema.shape);
    return (
      typeof content === 'object' &&
      content !== null &&
      Object.keys(content).some((key) => sections.includes(key))
    );
  } catch {
    return false;
  }
}

function refuse(message: string): never {
  throw new InputError('DOCTOR_TARGET', message);
}
