import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareRuns, type RunComparison } from './compare-runs.ts';
import { isRun, sideOf } from './run-side.ts';
import { toleranceOf } from './step-differences.ts';
import { makeCorpus, RECORDINGS, trainSmall } from './testing/small-runs.ts';

let folder: string;
let cache: string;
let plain: string;
let count = 0;
const fresh = (name: string) => join(folder, `${name}-${count++}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bgb-runs-'));
  cache = await makeCorpus(fresh('corpus'));
  plain = await trainSmall(fresh('run'), cache);
});
afterAll(() => rm(folder, { recursive: true }));

async function compare(a: string, b: string): Promise<RunComparison> {
  const [one, other] = [await sideOf(a, []), await sideOf(b, [])];
  if (!isRun(one) || !isRun(other)) throw new Error('no runs');
  return compareRuns(one, other);
}

async function withVariables<T>(variables: Record<string, string>, body: () => Promise<T>): Promise<T> {
  Object.assign(process.env, variables);
  try {
    return await body();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a file of a run holds
type Content = any;

/** A copy of the plain run with a file of it changed. */
async function altered(name: string, change: (content: Content) => void): Promise<string> {
  const copy = fresh('altered');
  await cp(plain, copy, { recursive: true });
  await changeJson(join(copy, name), change);
  return copy;
}

async function changeJson(path: string, change: (content: Content) => void): Promise<void> {
  const content = JSON.parse(await readFile(path, 'utf8'));
  change(content);
  await writeFile(path, JSON.stringify(content));
}

async function scaleLosses(run: string, factor: number): Promise<void> {
  const path = join(run, 'events.jsonl');
  const events = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const event of events) if (event.kind === 'step') event.loss *= factor;
  await writeFile(path, `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
}

test('a run again, on a copy of the corpus elsewhere, is the same to the bit', async () => {
  const elsewhere = await makeCorpus(fresh('corpus'));
  const found = await compare(plain, await trainSmall(fresh('run'), elsewhere));
  expect(found).toMatchObject({
    ...{ verdict: 'allowed', cause: null, data: [] },
    steps: { compared: 5, windows: null, anyLoss: null, loss: null, largest: 0 },
  });
  // Only folders differ.
  expect(found.configuration.differences.map(({ judgement }) => judgement.kind)).toEqual(
    found.configuration.differences.map(() => 'free'),
  );
  expect(found.sentence).toContain(
    'the same windows and the same losses to the bit in all 5 steps that both have',
  );
  expect((await compare(plain, plain)).verdict).toBe('same');
});

describe('runs that differ in one setting', () => {
  test.each([
    ['experiment.seed=43', 'windows', 1],
    ['training.learning_rate=2e-3', 'loss', 2],
    ['training.loss=bce', 'loss', 1],
    ['training.weight_decay=0.5', 'loss', 2],
    ['training.augmentation.gain=[0.3,3]', 'loss', 1],
    ['model.encoder.channels=[4,6]', 'loss', 1],
    ['data.max_samples=20', 'windows', 1],
    ['training.scheduler.type=constant', 'loss', 3],
  ])('%s', async (assignment, symptom, step) => {
    const field = assignment.split('=')[0]!;
    const found = await compare(plain, await trainSmall(fresh('run'), cache, { set: [assignment] }));
    expect(found.verdict).toBe('different');
    expect(found.cause).toMatchObject({ kind: 'configuration', what: field });
    if (symptom === 'windows') expect(found.steps.windows).toBe(step);
    else expect(found.steps).toMatchObject({ windows: null, anyLoss: { step } });
    expect(found.sentence).toContain(`most likely since ${field} is`);
  });

  test('fields that decide nothing beside others, all at once: the same to the bit', async () => {
    const set = [
      ...['training.momentum=0.5', 'preprocessing.length=int', 'preprocessing.running_time_constant_s=200'],
      ...['postprocessing.events.confidence_percentile=0.5', 'data.balance.full_ratio=1'],
      ...['model.mamba.d_state=3', 'model.rescnn.dropout=0.3', 'model.rescnn.kernel_sizes=[3]'],
      ...['data.validation_split=0.5', 'data.split_file=splits.json', 'data.allow_unbalanced_fallback=true'],
    ];
    const found = await compare(plain, await trainSmall(fresh('run'), cache, { set }));
    expect(found).toMatchObject({ verdict: 'allowed', cause: null, steps: { anyLoss: null } });
    const free = found.configuration.differences.filter(({ judgement }) => judgement.kind === 'free');
    expect(free.map(({ field }) => field)).toEqual(
      expect.arrayContaining(set.map((each) => each.split('=')[0]!)),
    );
  });

  test('training.batch_size is allowed, and named where the windows part', async () => {
    const found = await compare(
      plain,
      await trainSmall(fresh('run'), cache, { set: ['training.batch_size=12'] }),
    );
    expect(found).toMatchObject({
      verdict: 'allowed',
      cause: { what: 'training.batch_size', isAllowed: true },
    });
    expect(found.sentence).toMatch(
      /window lists differ from step 1 on, since training.batch_size is 16 in A and 12 in B/,
    );
  });

  test('precision: nothing on the CPU, and named where it makes losses part on a GPU', async () => {
    const mixed = await trainSmall(fresh('run'), cache, { set: ['training.mixed_precision=true'] });
    expect(await compare(plain, mixed)).toMatchObject({
      verdict: 'allowed',
      cause: null,
      steps: { anyLoss: null },
    });
    const onGpu = async (run: string, factor: number) => {
      const copy = fresh('gpu');
      await cp(run, copy, { recursive: true });
      await changeJson(join(copy, 'environment.json'), ({ sessions }) => {
        sessions[0].environment.device = 'cuda';
      });
      await scaleLosses(copy, factor);
      return copy;
    };
    const found = await compare(await onGpu(plain, 1), await onGpu(mixed, 1.1));
    expect(found).toMatchObject({
      ...{ verdict: 'allowed', cause: { what: 'training.mixed_precision' } },
      steps: { precision: 'bfloat16', loss: { step: 1 } },
    });
    // 1 % is what bfloat16 does.
    const near = await compare(await onGpu(plain, 1), await onGpu(mixed, 1.01));
    expect(near.steps.loss).toBeNull();
  });

  test('the number of threads changes the last bits at most, which is allowed', async () => {
    const found = await compare(
      plain,
      await trainSmall(fresh('run'), cache, { set: ['resources.threads=2'] }),
    );
    expect(found).toMatchObject({ verdict: 'allowed', steps: { windows: null, loss: null } });
    expect(found.environment.map(({ what }) => what)).toContain('threads');
    if (found.steps.anyLoss !== null) expect(found.cause).toMatchObject({ effect: 'rounding' });
  });
});

describe('runs on data that differ in one thing', () => {
  const other = async (change: Parameters<typeof makeCorpus>[1]) =>
    compare(plain, await trainSmall(fresh('run'), await makeCorpus(fresh('corpus'), change)));

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
    const run = await altered('recordings.json', ({ splits }) => {
      for (const recording of splits.train) recording.preprocessing = 'another';
    });
    const path = join(run, 'config.yaml');
    await writeFile(path, (await readFile(path, 'utf8')).replace('clip: 10 ', 'clip: 12 '));
    const found = await compare(plain, run);
    expect(found.cause).toMatchObject({ kind: 'configuration', what: 'preprocessing.clip', a: 10, b: 12 });
    expect(found.data).toHaveLength(RECORDINGS.length);
  });

  test('weights to start from that were replaced under their name', async () => {
    const weights = fresh('weights');
    const set = [`training.init_from=${weights}`];
    await cp(plain, weights, { recursive: true });
    const one = await trainSmall(fresh('run'), cache, { set });
    const copy = await trainSmall(fresh('run'), cache, { set: [`training.init_from=${plain}`] });
    const same = await compare(one, copy);
    expect(same).toMatchObject({ verdict: 'allowed', cause: null, steps: { anyLoss: null } });
    const byName = await compare(
      one,
      await trainSmall(fresh('run'), cache, { set: [`training.init_from=${one}`] }),
    );
    expect(byName).toMatchObject({ verdict: 'different', cause: { what: 'training.init_from' } });
    await rm(weights, { recursive: true });
    await cp(one, weights, { recursive: true });
    const found = await compare(one, await trainSmall(fresh('run'), cache, { set }));
    expect(found).toMatchObject({ verdict: 'different', cause: { kind: 'data', what: 'initial_weights' } });
    expect(found.sentence).toMatch(
      /most likely since the hash of the weights that it starts from is \w{12} in A/,
    );
  });

  test('a recording that the limits of data leave out', async () => {
    const set = ['data.max_samples=16'];
    const one = await trainSmall(fresh('run'), cache, { set });
    const changed = await makeCorpus(fresh('corpus'), { samplesOf: RECORDINGS[2] });
    const found = await compare(one, await trainSmall(fresh('run'), changed, { set }));
    expect(found.cause!.text).toMatch(
      /^train has other recordings among those that the limits of data leave out/,
    );
    expect(found.data.every(({ kind }) => kind !== 'manifest')).toBe(true);
  });

  test('a limit that was left set explains what is missing', async () => {
    const limited = await makeCorpus(fresh('corpus'), { limitFiles: 2 });
    const run = await withVariables({ BGB_LIMIT_FILES: '2' }, () => trainSmall(fresh('run'), limited));
    const found = await compare(plain, run);
    expect(found.verdict).toBe('different');
    expect(found.cause).toMatchObject({ what: 'BGB_LIMIT_FILES', a: null, b: '2' });
    expect(found.sentence).toContain('BGB_LIMIT_FILES is not set in A and 2 in B');
    expect(found.data.some(({ text }) => text.endsWith('is only in A'))).toBe(true);
  });

  test('a recording under another name', async () => {
    const renamed = await altered('recordings.json', ({ splits }) => {
      splits.train[0].name = 'other/name.npz';
    });
    const found = await compare(plain, renamed);
    expect(found.cause!.text).toMatch(/in A is other\/name\.npz in B, with the same content/);
  });

  test('a manifest made otherwise from the same recordings', async () => {
    const run = await altered('fingerprint.json', ({ splits }) => {
      splits.train.manifest_sha256 = 'another';
      splits.train.manifest.no_seizure += 3;
    });
    const found = await compare(plain, run);
    expect(found.verdict).toBe('different');
    expect(found.cause).toMatchObject({ kind: 'manifest', what: 'train/manifest' });
    expect(found.cause!.text).toMatch(
      /^train's manifest was made otherwise, from the same recordings: train's number of windows \(no_seizure, manifest\) is \d+ in A and \d+ in B$/,
    );
  });
});

describe('runs that differ in code or machine', () => {
  test('other code', async () => {
    const root = fresh('root');
    await mkdir(join(root, 'src'), { recursive: true });
    await writeFile(join(root, 'src/step.ts'), 'export const step = 1;\n');
    const one = await trainSmall(fresh('run'), cache, { root });
    await writeFile(join(root, 'src/step.ts'), 'export const step = 2;\n');
    const found = await compare(one, await trainSmall(fresh('run'), cache, { root }));
    expect(found).toMatchObject({
      verdict: 'different',
      cause: { kind: 'environment', what: 'code_sha256' },
    });
    expect(found.sentence).toMatch(
      /B \S+: the code is hash \w{8} in A and hash \w{8} in B; the same windows/,
    );
  });

  test('another libtorch or device with losses that rounding explains is allowed; beyond it is not', async () => {
    const elsewhere = (factor: number) => async () => {
      const run = await altered('environment.json', ({ sessions }) => {
        Object.assign(sessions[0].environment, { device: 'cuda', libtorch: '2.11.0', gpus: ['one GPU'] });
      });
      await scaleLosses(run, 1 + factor);
      return compare(plain, run);
    };
    const rounded = await elsewhere(1e-6)();
    expect(rounded).toMatchObject({
      verdict: 'allowed',
      cause: { effect: 'rounding' },
      steps: { loss: null },
    });
    expect(rounded.sentence).toContain(', since the version of libtorch is');
    const off = await elsewhere(1e-2)();
    expect(off).toMatchObject({
      verdict: 'different',
      cause: null,
      steps: { loss: { step: 1, tolerance: 1e-5 } },
    });
    expect(off.sentence).toContain('nothing that they recorded explains that losses leave');
  });

  test('several differ: the one that the steps point at is named, and all are listed', async () => {
    const set = ['experiment.seed=43', 'training.learning_rate=2e-3', 'resources.threads=2'];
    const found = await compare(plain, await trainSmall(fresh('run'), cache, { set }));
    expect(found.cause).toMatchObject({ what: 'experiment.seed' });
    const listed = found.configuration.differences.map(({ field }) => field);
    expect(listed).toEqual(expect.arrayContaining(set.map((each) => each.split('=')[0])));
    // Where windows are the same and losses part, a seed is no explanation that comes first.
    const otherLock = await altered('environment.json', ({ sessions }) => {
      sessions[0].environment.lock_file = 'another';
      sessions[0].environment.threads = 7;
    });
    await scaleLosses(otherLock, 1 + 1e-7);
    expect((await compare(plain, otherLock)).cause).toMatchObject({ what: 'threads' });
    await scaleLosses(otherLock, 1.5);
    expect((await compare(plain, otherLock)).cause).toMatchObject({ what: 'lock_file' });
  });

  test('the same commit with other code: the hash tells; a run without one is told by its commit', async () => {
    const with_ = (change: Content) =>
      altered('environment.json', ({ sessions }) => Object.assign(sessions[0].environment, change));
    const commit = 'a'.repeat(40);
    const of = async (a: Content, b: Content) => (await compare(await with_(a), await with_(b))).environment;
    const code = { commit, is_dirty: false };
    const [other] = await of({ code, code_sha256: 'b'.repeat(64) }, { code, code_sha256: 'c'.repeat(64) });
    expect(other?.text).toBe(
      `the code is commit ${commit.slice(0, 12)} (hash bbbbbbbb) in A and commit ${commit.slice(0, 12)} (hash cccccccc) in B`,
    );
    const elsewhere = { commit: 'd'.repeat(40), is_dirty: false };
    expect(await of({ code, code_sha256: 'b' }, { code: elsewhere, code_sha256: 'b' })).toEqual([]);
    const [early] = await of({ code, code_sha256: null }, { code: elsewhere, code_sha256: 'b' });
    expect(early).toMatchObject({ what: 'code_sha256', isAllowed: false });
  });

  test('every session of a resumed run counts', async () => {
    const resumed = await altered('environment.json', ({ sessions }) => {
      sessions.unshift(structuredClone(sessions[0]));
      sessions[0].environment.device = 'cuda';
    });
    await scaleLosses(resumed, 1 + 1e-6);
    const found = await compare(plain, resumed);
    expect(found).toMatchObject({
      verdict: 'allowed',
      cause: { what: 'device', a: 'cpu', b: ['cuda', 'cpu'] },
    });
    expect(found.sentence).toContain('since the device is cpu in A and cuda, later cpu in B');
  });

  test('a limit in force that left out nothing decides nothing', async () => {
    const run = await altered('environment.json', ({ sessions }) => {
      sessions[0].environment.variables = { BGB_LIMIT_FILES: '50' };
    });
    expect(await compare(plain, run)).toMatchObject({
      ...{ verdict: 'allowed', cause: null },
      environment: [{ what: 'BGB_LIMIT_FILES', isAllowed: true, a: null, b: '50' }],
    });
  });

  test('what nothing follows from does not make runs differ', async () => {
    const run = await altered('environment.json', ({ sessions }) => {
      Object.assign(sessions[0].environment, {
        memory_bytes: 1,
        usable_cores: 77,
        platform: 'linux elsewhere',
      });
      sessions[0].environment.variables = { BGB_DISABLE_TQDM: '1' };
    });
    const found = await compare(plain, run);
    expect(found).toMatchObject({ verdict: 'allowed', cause: null });
    expect(found.environment.map(({ effect }) => effect)).toEqual(found.environment.map(() => 'none'));
  });
});

test('a run of an earlier version is compared by what it has', async () => {
  const old = fresh('old');
  await cp(plain, old, { recursive: true });
  for (const name of ['fingerprint.json', 'recordings.json']) await rm(join(old, name));
  expect(await compare(plain, old)).toMatchObject({ verdict: 'same', data: [] });
});

test('a log with a torn last line, and steps that only one run has', async () => {
  const torn = fresh('torn');
  await cp(plain, torn, { recursive: true });
  const path = join(torn, 'events.jsonl');
  const lines = (await readFile(path, 'utf8')).split('\n');
  const second = lines.findIndex((line) => line.includes('"step":2,'));
  await writeFile(path, `${lines.slice(0, second).join('\n')}\n{"seq":`);
  const found = await compare(plain, torn);
  expect(found.steps).toMatchObject({ compared: 1, windows: null, anyLoss: null, lastOfA: 5, lastOfB: 1 });
  expect(found.verdict).toBe('allowed');
  expect(found.sentence).toContain('in all 1 step that both have; A has 5 steps, B 1.');
});

test('a log of an earlier version, which does not say its windows', async () => {
  const old = fresh('old');
  await cp(plain, old, { recursive: true });
  const path = join(old, 'events.jsonl');
  await writeFile(path, (await readFile(path, 'utf8')).replaceAll(/,"windows":"\w+"/g, ''));
  const found = await compare(plain, old);
  expect(found).toMatchObject({ verdict: 'same', steps: { compared: 5, comparedWindows: 0, windows: null } });
  expect(found.sentence).toContain('in all 5 steps that both have, the windows of 5 of them unknown');
});

test('windows of an epoch that moved, though nothing that decides them did', async () => {
  const run = await altered('fingerprint.json', ({ epoch }) => {
    epoch.no_seizure -= 2;
  });
  expect(await compare(plain, run)).toMatchObject({
    verdict: 'different',
    cause: { what: 'epoch/no_seizure' },
  });
});

test('a balanced set that fell back in one run alone', async () => {
  const run = await altered('fingerprint.json', ({ epoch }) => {
    epoch.is_unbalanced_fallback = true;
  });
  const found = await compare(plain, run);
  expect(found).toMatchObject({ verdict: 'different', cause: { what: 'epoch/is_unbalanced_fallback' } });
});

test('a folder that is no run, and a damaged one, are refused', async () => {
  await expect(sideOf(folder, [])).rejects.toMatchObject({ code: 'RUN_MISSING' });
  const broken = fresh('broken');
  await cp(plain, broken, { recursive: true });
  await writeFile(join(broken, 'config.yaml'), 'data: {stride: never}\n');
  await expect(sideOf(broken, [])).rejects.toMatchObject({ code: 'PARITY_RUN' });
});

test('what rounding explains is coarser in coarser precision, and grows with the steps', () => {
  for (const step of [1, 2, 50, 1e6]) {
    expect(toleranceOf('float32', step)).toBeLessThanOrEqual(toleranceOf('tf32', step));
    expect(toleranceOf('tf32', step)).toBeLessThanOrEqual(toleranceOf('bfloat16', step));
    expect(toleranceOf('float32', step)).toBeLessThanOrEqual(toleranceOf('float32', step + 1));
  }
});
