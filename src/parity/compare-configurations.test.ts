import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { compareConfigurations } from './compare-configurations.ts';
import { configurationSide } from './side.ts';

const shipped = (name: string) => fileURLToPath(new URL(`../../configs/${name}`, import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'bgb-parity-'));
afterAll(() => rm(folder, { recursive: true }));

async function compare(a: string, b: string, { setA = [] as string[], setB = [] as string[] } = {}) {
  return compareConfigurations(await configurationSide(a, setA), await configurationSide(b, setB));
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

const [LOCAL, CLOUD] = [shipped('local/train.yaml'), shipped('modal/train_a100.yaml')];

test.each([
  ['local/smoke.yaml', 'modal/smoke.yaml'],
  ['local/smoke_gpu.yaml', 'modal/smoke_a100.yaml'],
])('the shipped pair %s and %s has only allowed differences', async (local, cloud) => {
  const { verdict, suspicions } = await compare(shipped(local), shipped(cloud));
  expect({ verdict, suspicions }).toEqual({ verdict: 'allowed', suspicions: [] });
});

describe('the shipped pair for training', () => {
  test('has only allowed differences, both ways', async () => {
    for (const [a, b] of [
      [LOCAL, CLOUD],
      [CLOUD, LOCAL],
    ] as const) {
      const { verdict, suspicions, differences } = await compare(a, b);
      expect({ verdict, suspicions }).toEqual({ verdict: 'allowed', suspicions: [] });
      const telling = differences.filter(({ judgement }) => judgement.kind === 'may_differ');
      expect(telling.map(({ field }) => field)).toEqual(['training.batch_size']);
    }
  });

  test.each([
    'model.mamba.d_state=32',
    'preprocessing.normalize=robust',
    'preprocessing.notch_freq=50',
    'data.window_size=30',
    'data.stride=5',
    'training.loss=bce',
    'training.focal_gamma=3',
    'training.learning_rate=1e-3',
    'training.early_stopping=null',
    'training.augmentation.polarity=true',
    'experiment.seed=7',
    'data.labels={artf: excluded}',
    'data.use_balanced_sampling=false',
    'postprocessing.hysteresis.tau_on=0.9',
  ])('%s in one of them is another training', async (assignment) => {
    const field = assignment.split('=')[0]!;
    const { verdict, differences } = await compare(LOCAL, CLOUD, { setB: [assignment] });
    expect(verdict).toBe('different');
    const wrong = differences.filter(({ judgement }) => judgement.kind === 'must_equal');
    expect(wrong.map((difference) => difference.field)).toContain(field);
    expect(wrong.find((difference) => difference.field === field)!.b!.origin).toBe('--set');
  });

  test.each([
    ['data.cache_dir=cache/tusz', 'cache_root', 'data.cache_dir'],
    ['data.cache_dir=/home/ann/cache', 'cache_root', 'data.cache_dir'],
    ['data.data_dir=/home/ann/edf', 'local_path', 'data.data_dir'],
    ['experiment.output_dir=results/x', 'local_path', 'experiment.output_dir'],
    ['data.pin_memory=false', 'pin_memory', 'data.pin_memory'],
    ['data.num_workers=0', 'num_workers', 'data.num_workers'],
  ])('%s in the cloud configuration is suspicious', async (assignment, id, field) => {
    const { verdict, suspicions } = await compare(LOCAL, CLOUD, { setB: [assignment] });
    expect(verdict).toBe('suspicious');
    expect(suspicions.map((found) => [found.id, found.side, found.field])).toEqual([[id, 'b', field]]);
  });

  test.each([
    ['data.cache_dir=/results/cache/tusz', 'cache_root'],
    ['data.pin_memory=false', 'pin_memory'],
    ['data.num_workers=0', 'num_workers'],
  ])('%s in the workstation configuration is suspicious', async (assignment, id) => {
    const { suspicions } = await compare(LOCAL, CLOUD, { setA: [assignment] });
    expect(suspicions.map((found) => [found.id, found.side])).toEqual([[id, 'a']]);
  });
});

test('a configuration has no differences from itself', async () => {
  expect(await compare(LOCAL, LOCAL)).toEqual({ verdict: 'same', differences: [], suspicions: [] });
});

test('both values with file and line, what must be equal first', async () => {
  const a = await file('a.yaml', 'experiment:\n  seed: 1\ndata:\n  num_workers: 2\n');
  const b = await file('b.yaml', 'data: {num_workers: 3}\nexperiment: {seed: 2}\n');
  const { differences } = await compare(a, b);
  expect(differences).toMatchObject([
    { field: 'experiment.seed', a: { value: 1, origin: `${a}:2` }, b: { value: 2, origin: `${b}:2` } },
    { field: 'data.num_workers', a: { value: 2, origin: `${a}:4` }, b: { value: 3, origin: `${b}:1` } },
  ]);
});

test('early stopping against none is one difference, with the section beside null', async () => {
  const a = await file('a.yaml', 'training: {early_stopping: null}\n');
  const b = await file('b.yaml', 'training:\n  early_stopping: {patience: 3}\n');
  const { differences } = await compare(a, b);
  expect(differences).toEqual([
    {
      field: 'training.early_stopping',
      follows: null,
      judgement: { kind: 'must_equal' },
      a: { value: null, origin: `${a}:1` },
      b: {
        value: { patience: 3, metric: 'sensitivity_at_10fa', mode: 'max' },
        origin: `${b}:2`,
      },
    },
  ]);
});

describe('suspicious', () => {
  test('two cache settings that disagree are found, not refused', async () => {
    const a = await file('a.yaml', 'data: {cache_dir: cache/one}\nexperiment:\n  cache_dir: cache/two\n');
    const b = await file('b.yaml', 'data: {cache_dir: cache/one}\n');
    const { verdict, suspicions, differences } = await compare(a, b);
    expect({ verdict, differences }).toEqual({ verdict: 'suspicious', differences: [] });
    expect(suspicions).toMatchObject([
      { id: 'two_caches', side: 'a', field: 'experiment.cache_dir', value: 'cache/two', origin: `${a}:3` },
    ]);
  });

  test('a cache within the other cache, or within the recordings', async () => {
    const a = await file('a.yaml', 'data: {cache_dir: cache/tusz/v2}\n');
    const b = await file('b.yaml', 'data: {cache_dir: cache/tusz}\n');
    expect((await compare(a, b)).suspicions).toMatchObject([{ id: 'cache_root', side: 'a' }]);
    // The default is where most have theirs.
    const plain = await file('plain.yaml', '{}\n');
    expect((await compare(a, plain)).suspicions).toEqual([]);
    const c = await file('c.yaml', 'data: {data_dir: /srv/edf, cache_dir: /srv/edf/cache}\n');
    const d = await file('d.yaml', 'data: {data_dir: /srv/edf, cache_dir: /srv/cache}\n');
    expect((await compare(d, c)).suspicions.map(({ id, side }) => [id, side])).toEqual([['cache_root', 'b']]);
  });

  test('no readers for a disk; but memory needs none, and a CPU no pinned memory', async () => {
    const disk = await file('a.yaml', 'data: {residency: disk}\nexperiment: {device: cpu}\n');
    const memory = await file('b.yaml', 'data: {residency: host}\nexperiment: {device: cpu}\n');
    const found = (await compare(disk, memory)).suspicions;
    expect(found.map(({ id, side }) => [id, side])).toEqual([['num_workers', 'a']]);
  });

  test('a file in a folder named modal is of the cloud, wherever its paths lead', async () => {
    const text = (root: string) =>
      `data: {data_dir: ${root}/edf, cache_dir: ${root}/c}\nexperiment: {output_dir: ${root}/r}\n`;
    const a = await file('modal/a.yaml', text('/mnt/d/eeg'));
    const b = await file('modal/b.yaml', text('/results'));
    const found = (await compare(a, b)).suspicions.filter(({ id }) => id === 'local_path');
    expect(found.map(({ side, field }) => [side, field])).toEqual([
      ['a', 'data.data_dir'],
      ['a', 'data.cache_dir'],
      ['a', 'experiment.output_dir'],
    ]);
  });
});
