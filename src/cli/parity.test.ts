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
const LOCAL = fileURLToPath(new URL('../../configs/local/train.yaml', import.meta.url));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

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
