import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunBench } from './testing/run-bench.ts';
import { makeCorpus, RECORDINGS, trainSmall } from './testing/small-runs.ts';

let bench: RunBench;
beforeAll(async () => {
  bench = await RunBench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

async function withVariables<T>(variables: Record<string, string>, body: () => Promise<T>): Promise<T> {
  Object.assign(process.env, variables);
  try {
    return await body();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

describe('runs on data that differ in one thing', () => {
  const other = async (change: Parameters<typeof makeCorpus>[1]) =>
    bench.compare(
      bench.plain,
      await trainSmall(bench.fresh('run'), await makeCorpus(bench.fresh('corpus'), change)),
    );

  test('one label', async () => {
    const found = await other({ labelOf: RECORDINGS[1] });
    expect(found.verdict).toBe('different');
    expect(found.cause!.text).toBe(`train/${RECORDINGS[1]}.npz has other labels (its annotations differ)`);
    expect(found.data.filter(({ kind }) => kind === 'data')).toHaveLength(1);
    // One second more of seizure.
    expect(found.data.find(({ what }) => what === 'train/seizure_s')).toMatchObject({ isAllowed: true });
  });

  test("one recording's samples", async () => {
    const found = await other({ samplesOf: RECORDINGS[2] });
    expect(found.verdict).toBe('different');
    expect(found.cause!.text).toBe(`train/${RECORDINGS[2]}.npz has other samples (its file differs)`);
    expect(found.data).toHaveLength(1);
  });

  test('a missing recording', async () => {
    const found = await other({ without: [RECORDINGS[0]] });
    expect(found.cause!.text).toBe(`train/${RECORDINGS[0]}.npz is only in A`);
    expect(found.data.find(({ what }) => what === 'train/recordings')).toMatchObject({ a: 3, b: 2 });
    expect(found.sentence).toContain('the window lists differ from step 1 on');
  });

  test('several recordings are counted behind the first', async () => {
    const found = await other({ without: [RECORDINGS[0], RECORDINGS[1]] });
    expect(found.sentence).toContain(
      `since train/${RECORDINGS[0]}.npz is only in A (and 1 more recording differs); the window lists`,
    );
  });

  test('other preprocessing is named by its field, before the recordings that it changes', async () => {
    const run = await bench.altered('recordings.json', ({ splits }) => {
      for (const recording of splits.train) recording.preprocessing = 'another';
    });
    const path = join(run, 'config.yaml');
    await writeFile(path, (await readFile(path, 'utf8')).replace('clip: 10 ', 'clip: 12 '));
    const found = await bench.compare(bench.plain, run);
    expect(found.cause).toMatchObject({ kind: 'configuration', what: 'preprocessing.clip', a: 10, b: 12 });
    expect(found.data).toHaveLength(RECORDINGS.length);
  });

  test('weights to start from that were replaced under their name', async () => {
    const weights = bench.fresh('weights');
    const set = [`training.init_from=${weights}`];
    await cp(bench.plain, weights, { recursive: true });
    const one = await bench.train(...set);
    const copy = await bench.train(`training.init_from=${bench.plain}`);
    const same = await bench.compare(one, copy);
    expect(same).toMatchObject({ verdict: 'allowed', cause: null, steps: { anyLoss: null } });
    const byName = await bench.compare(one, await bench.train(`training.init_from=${one}`));
    expect(byName).toMatchObject({ verdict: 'different', cause: { what: 'training.init_from' } });
    await rm(weights, { recursive: true });
    await cp(one, weights, { recursive: true });
    const found = await bench.compare(one, await bench.train(...set));
    expect(found).toMatchObject({ verdict: 'different', cause: { kind: 'data', what: 'initial_weights' } });
    expect(found.sentence).toMatch(
      /most likely since the hash of the weights that it starts from is \w{12} in A/,
    );
  });

  test('a recording that the limits of data leave out', async () => {
    const set = ['data.max_samples=16'];
    const one = await bench.train(...set);
    const changed = await makeCorpus(bench.fresh('corpus'), { samplesOf: RECORDINGS[2] });
    const found = await bench.compare(one, await trainSmall(bench.fresh('run'), changed, { set }));
    expect(found.cause!.text).toMatch(
      /^train has other recordings among those that the limits of data leave out/,
    );
    expect(found.data.every(({ kind }) => kind !== 'manifest')).toBe(true);
  });

  test('a limit that was left set explains what is missing', async () => {
    const limited = await makeCorpus(bench.fresh('corpus'), { limitFiles: 2 });
    const run = await withVariables({ BGB_LIMIT_FILES: '2' }, () => trainSmall(bench.fresh('run'), limited));
    const found = await bench.compare(bench.plain, run);
    expect(found.verdict).toBe('different');
    expect(found.cause).toMatchObject({ what: 'BGB_LIMIT_FILES', a: null, b: '2' });
    expect(found.sentence).toContain('BGB_LIMIT_FILES is not set in A and 2 in B');
    expect(found.data.some(({ text }) => text.endsWith('is only in A'))).toBe(true);
  });

  test('a recording under another name', async () => {
    const renamed = await bench.altered('recordings.json', ({ splits }) => {
      splits.train[0].name = 'other/name.npz';
    });
    const found = await bench.compare(bench.plain, renamed);
    expect(found.cause!.text).toMatch(/in A is other\/name\.npz in B, with the same content/);
  });

  test('a manifest made otherwise from the same recordings', async () => {
    const run = await bench.altered('fingerprint.json', ({ splits }) => {
      splits.train.manifest_sha256 = 'another';
      splits.train.manifest.no_seizure += 3;
    });
    const found = await bench.compare(bench.plain, run);
    expect(found.verdict).toBe('different');
    expect(found.cause).toMatchObject({ kind: 'manifest', what: 'train/manifest' });
    expect(found.cause!.text).toMatch(
      /^train's manifest was made otherwise, from the same recordings: train's number of windows \(no_seizure, manifest\) is \d+ in A and \d+ in B$/,
    );
  });
});

test('a limit in force that left out nothing decides nothing', async () => {
  const run = await bench.altered('environment.json', ({ sessions }) => {
    sessions[0].environment.variables = { BGB_LIMIT_FILES: '50' };
  });
  expect(await bench.compare(bench.plain, run)).toMatchObject({
    ...{ verdict: 'allowed', cause: null },
    environment: [{ what: 'BGB_LIMIT_FILES', isAllowed: true, a: null, b: '50' }],
  });
});

test('windows of an epoch that moved, though nothing that decides them did', async () => {
  const run = await bench.altered('fingerprint.json', ({ epoch }) => {
    epoch.no_seizure -= 2;
  });
  expect(await bench.compare(bench.plain, run)).toMatchObject({
    verdict: 'different',
    cause: { what: 'epoch/no_seizure' },
  });
});

test('a balanced set that fell back in one run alone', async () => {
  const run = await bench.altered('fingerprint.json', ({ epoch }) => {
    epoch.is_unbalanced_fallback = true;
  });
  const found = await bench.compare(bench.plain, run);
  expect(found).toMatchObject({ verdict: 'different', cause: { what: 'epoch/is_unbalanced_fallback' } });
});
