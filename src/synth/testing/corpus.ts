import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { sha256File } from '../../files/index.ts';
import { makeCorpus, type SynthOptions, type SynthReport } from '../corpus.ts';

/** Makes a small corpus. */
export function made(outDir: string, options: Partial<SynthOptions> = {}): Promise<SynthReport> {
  return makeCorpus({
    outDir,
    profile: 'tusz',
    patients: 3,
    hours: 0.35,
    seed: 478,
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...options,
  });
}

/** Hash of every file below a folder, by its path in it. */
export async function hashesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const hashes: Record<string, string> = {};
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hashes[relative(folder, path)] = await sha256File(path);
  }
  return hashes;
}

/** What a recording's truth says, as a reader of the file sees it. */
export interface Truth {
  readonly path: string;
  readonly duration_s: number;
  readonly sampling_rate: number;
  readonly events: readonly (Record<string, unknown> & {
    kind: string;
    type: string;
    start_s: number;
    end_s: number;
  })[];
}

export async function truthsBelow(folder: string): Promise<Truth[]> {
  const paths = Object.keys(await hashesBelow(folder)).filter((path) => /_t\d{3}\.json$/.test(path));
  return paths.sort().map((path) => JSON.parse(readFileSync(join(folder, path), 'utf8')) as Truth);
}
