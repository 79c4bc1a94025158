import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const written = catchWrites();
const folder = await mkdtemp(join(tmpdir(), 'bgb-parity-cli-'));
afterAll(() => rm(folder, { recursive: true }));
const SMOKE = fileURLToPath(new URL('../../configs/local/smoke.yaml', import.meta.url));
const LOCAL = fileURLToPath(new URL('../../configs/local/train.yaml', import.meta.url));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

test('what looks wrong is no other training, and exits 1 all the same', async () => {
  const a = await file('disk.yaml', 'data: {residency: disk}\n');
  expect(await runProgram(['parity', a, a])).toBe(1);
  expect(written.output.split('\n')[0]).toBe(
    `No differences between A ${a} and B ${a}, but data.num_workers looks wrong.`,
  );
});

test('one sentence and exit code 0 where nothing follows from the differences; --all lists them', async () => {
  const a = await file('a.yaml', 'data: {num_workers: 4}\n');
  const b = await file('b.yaml', 'data: {num_workers: 8}\n');
  expect(await runProgram(['parity', a, a])).toBe(0);
  expect(written.output).toBe(`No differences between A ${a} and B ${a}.\n`);
  written.output = '';
  expect(await runProgram(['parity', a, b])).toBe(0);
  const sentence = `Only allowed differences between A ${a} and B ${b}: 1 field, none of them changes what is trained.\n`;
  expect(written.output).toBe(sentence);
  written.output = '';
  await runProgram(['parity', a, b, '--all']);
  expect(written.output).toBe(
    `${sentence}\nNothing follows from:\n  data.num_workers  A 4 (${a}:1), B 8 (${b}:1)\n`,
  );
  expect(written.errors).toBe('');
});

test('exit code 1 where they are different trainings; --json has the same in fixed keys', async () => {
  const b = await file('b.yaml', 'training: {loss: bce}\nexperiment: {seed: 3}\n');
  const a = await file('a.yaml', 'training: {loss: focal}\n');
  expect(await runProgram(['parity', a, b])).toBe(1);
  expect(written.output).toContain(
    `Not the same training, A ${a} and B ${b}: training.loss and experiment.seed must be equal and are not.\n`,
  );
  expect(written.output).toContain(`  experiment.seed  A 42 (default), B 3 (${b}:2)\n`);
  written.output = '';
  expect(await runProgram(['parity', a, b, '--json'])).toBe(1);
  expect(JSON.parse(written.output)).toMatchObject({
    format: 'bgb-parity',
    version: 1,
    kind: 'configurations',
    a: { path: a, kind: 'configuration' },
    verdict: 'different',
    differences: [
      {
        field: 'training.loss',
        class: 'must_equal',
        a: { value: 'focal', origin: `${a}:1` },
        b: { value: 'bce', origin: `${b}:1` },
        consequence: null,
      },
      { field: 'experiment.seed', class: 'must_equal' },
    ],
    suspicious: [],
  });
});

test('exit code 2 where it could not look', async () => {
  expect(await runProgram(['parity', LOCAL, join(folder, 'none.yaml')])).toBe(2);
  expect(written).toMatchObject({ output: '', errors: expect.stringContaining('there is no such file') });
});

test('probes and runs: the same against itself, and what differs is named', async () => {
  const cache = join(folder, 'cache');
  const data = fileURLToPath(new URL('../../data/sample/chb01', import.meta.url));
  for (const command of [
    ['build-cache', '--data-dir', data, '--split', 'train', '--jobs', '1'],
    ['scan-cache'],
  ])
    expect(await runProgram([...command, '--cache-dir', cache, '--config', SMOKE])).toBe(0);
  written.output = '';
  const set = [
    `data.cache_dir=${cache}`,
    'model.encoder.channels=[4]',
    'model.mamba.n_layers=0',
    'resources.threads=1',
  ];
  const options = set.flatMap((value) => ['--set', value]);
  const path = join(folder, 'probe.json');
  expect(await runProgram(['parity', '--probe', SMOKE, '--steps', '2', '--output', path, ...options])).toBe(
    0,
  );
  expect(written.output).toBe(
    `Wrote ${path}: 2 steps of ${SMOKE} on cpu. Elsewhere: bgb parity --probe ${SMOKE} --against ${path}\n`,
  );
  written.output = '';
  const against = ['parity', '--probe', SMOKE, '--against', path, ...options];
  expect(await runProgram([...against, '--json'])).toBe(0);
  expect(JSON.parse(written.output)).toMatchObject({
    ...{ kind: 'probes', verdict: 'same', fields: [], windows: null },
    float64: { tolerance: 1e-9, loss_difference: 0, first_step: null, layer: null },
    float32: { is_within: true },
  });
  written.output = '';
  expect(await runProgram([...against, '--set', 'training.loss=bce'])).toBe(1);
  expect(written.output).toContain('training.loss "focal" there and "bce" here');

  const trained = async (name: string, ...more: string[]) => {
    const run = join(folder, name);
    const place = ['--set', `experiment.output_dir=${run}`, '--set', 'training.epochs=1'];
    await runProgram(['train', SMOKE, ...options, ...place, ...more]);
    written.output = '';
    return run;
  };
  const one = await trained('one');
  const other = await trained('other', '--set', 'experiment.seed=7');
  expect(await runProgram(['parity', one, other])).toBe(1);
  expect(written.output).toContain(
    `Not the same training, A ${one} and B ${other}, most likely since experiment.seed is 42 in A and 7 in B; the window lists differ from step 1 on.\n\nMust be equal:\n  experiment.seed  A 42 (default), B 7 (--set)\n`,
  );
  written.output = '';
  expect(await runProgram(['parity', one, other, '--json'])).toBe(1);
  expect(JSON.parse(written.output)).toMatchObject({
    ...{ kind: 'runs', verdict: 'different', a: { path: one, stage: 'finished' } },
    cause: { kind: 'configuration', what: 'experiment.seed', a: 42, b: 7 },
    steps: { first_window_difference: 1 },
  });
  written.output = '';
  expect(await runProgram(['parity', one, one])).toBe(0);
  expect(written.output).toMatch(
    /^No differences between .*: the same windows and the same losses to the bit in all \d+ steps that both have\.\n$/,
  );
  // A configuration beside a run: the run's tiny model is not the file's.
  written.output = '';
  expect(await runProgram(['parity', one, SMOKE])).toBe(1);
  expect(written.output).toContain(`model.encoder.channels  A [4] (--set), B [8,16,32] (${SMOKE}:`);
});

test.each([
  [['parity'], 'expected two configurations or runs, or --probe CONFIG, found none'],
  [['parity', LOCAL], 'found one'],
  [['parity', LOCAL, LOCAL, '--steps', '3'], '--steps belongs to --probe'],
  [['parity', LOCAL, '--probe', LOCAL], '--probe takes one configuration'],
  [['parity', '--probe', SMOKE, '--steps', '0'], '--steps: expected a whole number from 1 to 1000'],
])('%j is refused with exit code 2', async (parameters, message) => {
  expect(await runProgram(parameters)).toBe(2);
  expect(written.errors).toContain(message);
});
