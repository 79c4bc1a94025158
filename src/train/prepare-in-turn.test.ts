import { cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { type PreparedOrNot, prepareInTurn } from './prepare-in-turn.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-prepare-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));
const { preprocessing, data } = configSchema.parse({ preprocessing: { montage: 'double-banana' } });
const preparation = {
  settings: { ...preprocessing, sampling_rate: data.sampling_rate },
  isQuantised: true,
};
const broken = join(folder, 'broken.edf');
writeFileSync(broken, 'not a recording');
const PATHS = [
  sample('chb01/chb01_04_clip.edf'),
  broken,
  sample('chb03/chb03_01_clip_edfplusD.edf'),
  join(folder, 'nowhere.edf'),
  sample('chb02/chb02_19_clip_edfplusD.edf'),
  sample('chb01/chb01_16_clip.edf'),
];

async function all(
  paths: readonly string[],
  options: { threads: number; mostAheadBytes?: number; signal?: AbortSignal },
) {
  const results: PreparedOrNot[] = [];
  const { signal } = new AbortController();
  for await (const each of prepareInTurn(paths, preparation, { signal, ...options })) results.push(each);
  return results;
}

const told = (results: readonly PreparedOrNot[]) =>
  results.map((each) => (each instanceof InputError ? { code: each.code, message: each.message } : each));

test('threads prepare the same to the last bit, in the order that was asked for, with what cannot be used in its place', async () => {
  const here = await all(PATHS, { threads: 0 });
  expect(here.map((each) => (each instanceof InputError ? each.code : each.durationS))).toEqual([
    37,
    expect.stringMatching(/^EDF_/),
    30,
    expect.stringMatching(/^EDF_/),
    expect.any(Number),
    expect.any(Number),
  ]);
  expect(told(await all(PATHS, { threads: 3 }))).toStrictEqual(told(here));
  // Room for one file: never two at once.
  expect(told(await all(PATHS, { threads: 2, mostAheadBytes: 1 }))).toStrictEqual(told(here));
});

test('no more is begun ahead than the limit holds', async () => {
  const copies = Array.from({ length: 5 }, (_, index) => join(folder, `${index}.edf`));
  const copy = (paths: readonly string[]) => {
    for (const path of paths) cpSync(PATHS[0]!, path);
  };
  copy(copies.slice(0, 3));
  const { size } = statSync(copies[0]!);
  const { signal } = new AbortController();
  const limits = { threads: 3, mostAheadBytes: 3 * size - 1, signal };
  const given: PreparedOrNot[] = [];
  for await (const each of prepareInTurn(copies, preparation, limits)) {
    // This one and the next: were more begun, the fourth would not be there.
    if (given.length === 0) {
      await delay(200);
      copy(copies.slice(3));
    }
    given.push(each);
  }
  expect(given.filter((each) => each instanceof InputError)).toEqual([]);
});

test('what is aborted ends before the next recording', async () => {
  const stopping = new AbortController();
  const given: PreparedOrNot[] = [];
  const run = async () => {
    for await (const each of prepareInTurn(PATHS, preparation, { threads: 2, signal: stopping.signal })) {
      given.push(each);
      stopping.abort();
    }
  };
  await expect(run()).rejects.toThrow(/abort/i);
  expect(given).toHaveLength(1);
});
