/**
 * Holds the architecture: the folders of src/ follow the way of the data, and each imports only from
 * folders before it in this list and only through their index.ts; tests also from those folders' testing/. Prints what breaks
 * that, exits 1.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Foundations first (any later folder may use them), then the way of the data. */
export const FOLDERS = [
  'files', 'threads', 'random', 'config', 'bridge', 'torch',
  'edf', 'annotations', 'signal', 'cache', 'data', 'nn', 'model', 'post', 'score', 'synth', 'runs', 'train', 'stream',
  'report', 'parity', 'doctor', 'places', 'modal', 'demo', 'cli',
]; // biome-ignore format: one line each

/** Of every folder: what errors are, and how counts are put into words. */
const ROOT_FILES = ['errors.ts', 'words.ts'];

/** `from`: a file's path relative to src/. Returns a sentence per import that breaks the order. */
export function brokenImports(from: string, source: string): string[] {
  const problems: string[] = [];
  const [folder] = from.split('/');
  const isTest = /\.test\.ts$|\/testing\//.test(from);
  for (const match of source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const target = join(dirname(from), match[1]!);
    const [targetFolder, ...rest] = target.split('/');
    if (targetFolder === folder || ROOT_FILES.includes(target)) continue;
    const rank = FOLDERS.indexOf(folder!);
    const targetRank = FOLDERS.indexOf(targetFolder!);
    if (targetRank < 0) problems.push(`${from}: imports ${target}, which is in no folder of the order`);
    else if (rank >= 0 && targetRank > rank)
      problems.push(`${from}: ${folder}/ stands before ${targetFolder}/ and may not import from it`);
    else if (isTest && rest[0] === 'testing') continue;
    else if (rest.join('/') !== 'index.ts')
      problems.push(`${from}: imports ${target}; other folders are entered through ${targetFolder}/index.ts`);
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../src', import.meta.url));
  const problems = globSync(join(root, '**/*.ts'))
    .map((path) => ({ from: relative(root, path), source: readFileSync(path, 'utf8') }))
    .flatMap(({ from, source }) => brokenImports(from, source));
  for (const problem of problems) console.error(problem);
  console.log(`folder order: ${problems.length} problems`);
  process.exit(problems.length > 0 ? 1 : 0);
}
