import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { Entry, scanSplit } from '../cache/index.ts';
import { loadCorpus, loadCorpusInThreads, openWindows } from '../data/index.ts';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const FIXTURES = fileURLToPath(new URL('../cache/fixtures', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-convert-'));
const [from, to] = [join(folder, 'theirs'), join(folder, 'ours')];
const written = catchWrites();

afterAll(() => rmSync(folder, { recursive: true }));

// Windows of 32 rows every 10 at 256 Hz.
const SHAPE = ['--set', 'data.window_size=0.125', '--set', 'data.stride=0.0390625'];

test('a cache made elsewhere is scanned with a warning, converted once, and both hold the same windows', async () => {
  mkdirSync(join(from, 'train'), { recursive: true });
  cpSync(join(FIXTURES, 'compressed-f4.npz'), join(from, 'train/chb01_03.npz'));
  cpSync(join(FIXTURES, 'stored-f4.npz'), join(from, 'train/chb02_16.npz'));
  expect(await runProgram(['scan-cache', '--cache-dir', from, ...SHAPE, '--json'])).toBe(0);
  expect(written.errors).toMatch(/2 of the 2 entries in .*train were made elsewhere: .* bgb convert-cache/);
  const theirs = JSON.parse(written.output);
  // Seizure in rows 35-61 of 100; of the windows 0-31, 10-41, ..., 60-91 only the first is free of it.
  expect(theirs).toMatchObject({ partial_seizure: 12, full_seizure: 0, no_seizure: 2, recordings: 2 });

  writeFileSync(
    join(from, 'train/broken.npz'),
    readFileSync(join(from, 'train/chb01_03.npz')).subarray(0, 900),
  );
  written.output = '';
  expect(await runProgram(['convert-cache', '--from', from, '--to', to, '--json'])).toBe(0);
  expect(JSON.parse(written.output).results).toMatchObject([
    { name: 'broken.npz', outcome: 'rejected' },
    { name: 'chb01_03.npz', outcome: 'converted' },
    { name: 'chb02_16.npz', outcome: 'converted' },
  ]);
  expect(written.errors).toMatch(/Rejected: .*broken\.npz/);
  using entry = new Entry(join(to, 'train/chb01_03.npz'));
  expect(entry).toMatchObject({ rows: 100, channels: 3 });

  written.output = '';
  expect(await runProgram(['scan-cache', '--cache-dir', to, ...SHAPE, '--json'])).toBe(0);
  expect(JSON.parse(written.output)).toMatchObject({ partial_seizure: 12, full_seizure: 0, no_seizure: 2 });
  // Training from either is the same: order of windows, samples, labels.
  rmSync(join(from, 'train/broken.npz'));
  const [before, after] = await Promise.all(
    [from, to].map(async (root) => {
      const set = openWindows(
        join(root, 'train'),
        (await scanSplit(join(root, 'train'), { length: 32, stride: 10 })).manifest,
      );
      // Files made elsewhere are read by threads, too.
      const corpus = root === from ? await loadCorpusInThreads(set, 2, { leastBytes: 0 }) : loadCorpus(set);
      return { hash: set.dataHash, windows: set.windows, ...corpus };
    }),
  );
  expect(before).toEqual(after);
  const { mtimeMs } = statSync(join(to, 'train/chb01_03.npz'));
  written.output = '';
  expect(await runProgram(['convert-cache', '--from', from, '--to', to])).toBe(0);
  expect(written.output).toMatch(/2 files: 0 converted, 2 kept, 0 rejected/);
  expect(statSync(join(to, 'train/chb01_03.npz')).mtimeMs).toBe(mtimeMs);
});

test('C1: files whose names do not say whose they are pass for one patient until a pattern says it', async () => {
  const nameless = join(folder, 'nameless');
  for (const split of ['train', 'dev']) {
    mkdirSync(join(nameless, split), { recursive: true });
    cpSync(join(FIXTURES, 'stored-f4.npz'), join(nameless, split, `${split}-7.npz`));
  }
  expect(await runProgram(['scan-cache', '--cache-dir', nameless, ...SHAPE])).toBe(2);
  expect(written.errors).toMatch(/unknown is in both train and dev: .*convert-cache --patient-pattern/);
  const told = join(folder, 'told');
  const convert = ['convert-cache', '--from', nameless, '--to', told, '--patient-pattern'];
  expect(await runProgram([...convert, '^(\\w+)-\\d'])).toBe(0);
  expect(await runProgram(['scan-cache', '--cache-dir', told, ...SHAPE])).toBe(0);
  written.errors = '';
  expect(await runProgram([...convert, '(a)(b)'])).toBe(2);
  expect(written.errors).toMatch(/--patient-pattern: expected .* one group.*it has 2 groups/);
});

test('nothing to convert, or a target among the files, is exit code 2', async () => {
  expect(await runProgram(['convert-cache', '--from', to, '--to', join(folder, 'again')])).toBe(2);
  expect(written.errors).toMatch(/is an entry of bgb already/);
  expect(await runProgram(['convert-cache', '--from', from, '--to', join(from, 'x')])).toBe(2);
  expect(written.errors).toMatch(/lies in/);
  expect(await runProgram(['convert-cache', '--from', join(folder, 'nowhere'), '--to', to])).toBe(2);
  mkdirSync(join(folder, 'empty'));
  expect(await runProgram(['convert-cache', '--from', join(folder, 'empty'), '--to', to])).toBe(2);
  expect(written.errors).toMatch(/holds no \.npz files/);
});
