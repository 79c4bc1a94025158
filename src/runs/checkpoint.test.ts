import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BgbError, InputError } from '../errors.ts';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { stateAt, tensorsFilledWith } from './testing/states.ts';

let run: string;
let folder: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'bgb-checkpoint-'));
  folder = join(run, 'checkpoints');
});
afterEach(async () => rm(run, { recursive: true }));

async function save(name: string, step: number): Promise<string> {
  return saveCheckpoint(folder, name, { tensors: tensorsFilledWith(step), state: stateAt(step) });
}

async function errorOf(promise: Promise<unknown>): Promise<BgbError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BgbError);
  return error as BgbError;
}

/** The step that every element of every tensor and the state agree on. */
async function wholeStep(checkpoint: Checkpoint): Promise<number> {
  const { step } = checkpoint.state;
  for (const name of ['weight', 'moment']) {
    const { bytes } = await checkpoint.tensors.read(name);
    const values = new Int32Array(bytes.buffer);
    expect(values.every((value) => value === step)).toBe(true);
  }
  return step;
}

test('what was saved is loaded, by .json, .safetensors, run folder and checkpoint folder', async () => {
  const path = await save('last', 7);
  const tensors = (await readdir(folder)).find((name) => name.endsWith('.safetensors'))!;
  expect(tensors).toMatch(/^last-[0-9a-f]{16}\.safetensors$/);
  for (const way of [path, join(folder, tensors), run, folder]) {
    await using checkpoint = await loadCheckpoint(way);
    expect(checkpoint.state).toEqual(stateAt(7));
    expect(await wholeStep(checkpoint)).toBe(7);
    expect(checkpoint.name).toBe('last');
    expect(checkpoint.sha256.startsWith(tensors.slice(5, 21))).toBe(true);
  }
});

test('a folder means best, else last; resuming prefers last', async () => {
  await save('last', 30);
  await save('best', 20);
  await using best = await loadCheckpoint(run);
  await using last = await loadCheckpoint(run, 'last');
  expect([best.state.step, last.state.step]).toEqual([20, 30]);
});

test('one checkpoint under several names is one file of tensors; each goes its own way afterwards', async () => {
  const names = ['best', 'epoch-0001', 'last'];
  const { ino } = await saveTogether(1);
  const stepsNow = async () =>
    await Promise.all(
      names.map(async (name) => {
        await using checkpoint = await loadCheckpoint(join(folder, `${name}.json`));
        expect(checkpoint.name).toBe(name);
        return await wholeStep(checkpoint);
      }),
    );
  expect(await stepsNow()).toEqual([1, 1, 1]);
  for (const name of await readdir(folder))
    if (name.endsWith('.safetensors')) expect((await stat(join(folder, name))).ino).toBe(ino);
  // Again, as after resuming: the files are there already.
  expect((await saveTogether(1)).count).toBe(6);
  await save('last', 2);
  expect(await stepsNow()).toEqual([1, 1, 2]);
  await save('best', 3);
  expect(await stepsNow()).toEqual([3, 1, 2]);

  async function saveTogether(step: number) {
    const state = stateAt(step);
    await saveCheckpoint(folder, 'last', {
      tensors: tensorsFilledWith(step),
      state,
      also: names.slice(0, 2),
    });
    const entries = await readdir(folder);
    const tensors = entries.find((name) => /^last-.*safetensors$/.test(name))!;
    return { count: entries.length, ino: (await stat(join(folder, tensors))).ino };
  }
});

test('a save removes what earlier saves of its name left, and nothing else', async () => {
  await save('last', 1);
  await save('best', 1);
  const others = ['notes.safetensors', 'last-notes.safetensors', '.best.json.0123456789ab.tmp'];
  const leftovers = ['last-0123456789abcdef.safetensors', '.last.json.0123456789ab.tmp'];
  for (const name of [...others, ...leftovers]) await writeFile(join(folder, name), '');
  await save('last', 2);
  const names = await readdir(folder);
  expect(names).toEqual(expect.arrayContaining(others));
  for (const name of leftovers) expect(names).not.toContain(name);
  expect(names.filter((name) => /^last-[0-9a-f]{16}/.test(name))).toHaveLength(1);
  await using best = await loadCheckpoint(run);
  expect(await wholeStep(best)).toBe(1);
});

test('a half pair is detected', async () => {
  const path = await save('last', 1);
  const [first] = (await readdir(folder)).filter((name) => name.endsWith('.safetensors'));
  const tensorsPath = join(folder, first!);
  const bytes = await readFile(tensorsPath);

  bytes[bytes.byteLength - 1]! ^= 1;
  await writeFile(tensorsPath, bytes);
  const damaged = await errorOf(loadCheckpoint(path));
  expect(damaged).toBeInstanceOf(InputError);
  expect(damaged.code).toBe('CHECKPOINT_HALF');
  expect(damaged.message).toMatch(/has SHA-256 [0-9a-f]{64}, but last.json expects [0-9a-f]{64}/);

  await rm(tensorsPath);
  expect((await errorOf(loadCheckpoint(path))).message).toContain(
    `names ${first}, but that file is not beside it`,
  );

  const unnamed = join(folder, 'last-0123456789abcdef.safetensors');
  await writeFile(unnamed, bytes);
  const error = await errorOf(loadCheckpoint(unnamed));
  expect(error.code).toBe('CHECKPOINT_HALF');
  expect(error.message).toContain('No checkpoint in');
});

test('bad and missing files are InputErrors that name the file', async () => {
  const other = join(run, 'weights.pt');
  await writeFile(other, 'PK');
  const cases: [string, string, string][] = [
    [join(run, 'none.json'), 'CHECKPOINT_MISSING', 'none.json'],
    [run, 'CHECKPOINT_MISSING', 'expected checkpoints/best.json or checkpoints/last.json'],
    [other, 'CHECKPOINT_MISSING', 'neither a run folder nor a .json or .safetensors file'],
  ];
  const path = await save('last', 1);
  const saved = JSON.parse(await readFile(path, 'utf8'));
  const texts: [string, string][] = [
    ['{', 'is not JSON'],
    ['[]', 'expected object'],
    ['['.repeat(100_000) + ']'.repeat(100_000), 'checkpoint'],
    [JSON.stringify({ ...saved, version: 2 }), 'version: '],
    [JSON.stringify({ ...saved, state: { ...saved.state, step: -1 } }), 'state.step: '],
    [JSON.stringify({ ...saved, state: { ...saved.state, stpe: 1 } }), 'stpe'],
    [
      JSON.stringify({ ...saved, tensors: { ...saved.tensors, file: '../x-0123456789abcdef.safetensors' } }),
      'tensors.file: ',
    ],
  ];
  for (const [index, [text, message]] of texts.entries()) {
    const bad = join(run, `bad${index}.json`);
    await writeFile(bad, text);
    cases.push([bad, 'CHECKPOINT_JSON', message]);
  }
  await rm(folder, { recursive: true });
  for (const [given, code, message] of cases) {
    const error = await errorOf(loadCheckpoint(given));
    expect(error).toBeInstanceOf(InputError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toContain(given);
  }
});

test('a state that JSON would change is refused before anything is written', async () => {
  const state = { ...stateAt(1), counters: { loss: Number.NaN } };
  const error = await errorOf(saveCheckpoint(folder, 'last', { tensors: tensorsFilledWith(1), state }));
  expect(error.code).toBe('CHECKPOINT_STATE');
  expect(error.message).toContain('checkpoint.state.counters.loss is NaN');
  expect((await errorOf(save('../last', 1))).code).toBe('CHECKPOINT_STATE');
  expect(await readdir(run)).toEqual([]);
});

test('a reader that races with a training sees one whole checkpoint', async () => {
  const script = new URL('testing/save-until-killed.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.resume();
    const seen = new Set<number>();
    for (let reads = 0; reads < 400; reads++) {
      await using checkpoint = await loadCheckpoint(run);
      seen.add(await wholeStep(checkpoint));
    }
    expect(seen.size).toBeGreaterThan(10);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
});

test('mutated JSON is loaded or refused with an InputError', async () => {
  const path = await save('last', 3);
  const intact = await readFile(path);
  const changes = fc.array(fc.tuple(fc.nat(intact.byteLength - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(intact.byteLength), fc.boolean(), async (list, length, isCut) => {
      const bytes = Buffer.from(intact);
      for (const [at, value] of list) bytes[at] = value;
      await writeFile(path, isCut ? bytes.subarray(0, length) : bytes);
      try {
        await using checkpoint = await loadCheckpoint(path);
        await wholeStep(checkpoint).catch(() => undefined);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 300 },
  );
});

/** Starts the saving child at `step`, kills it after `delayMs`, and gives the last step it said was done. */
async function saveAndKill(step: number, delayMs: number): Promise<number> {
  const script = new URL('testing/save-until-killed.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder, String(step)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (data: Buffer) => {
    if (said === '') setTimeout(() => child.kill('SIGKILL'), delayMs);
    said += data;
  });
  await new Promise((resolve) => child.on('close', resolve));
  return Number(said.trim().split('\n').at(-1));
}

test('kill -9 in the middle of saving leaves a whole checkpoint, at least as new as the last one reported', async () => {
  let cutShort = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    const done = await saveAndKill(attempt * 1_000_000, attempt * 1.7);
    const names = await readdir(folder);
    if (names.filter((name) => name.endsWith('.safetensors') || name.endsWith('.tmp')).length > 1) cutShort++;
    await using checkpoint = await loadCheckpoint(run);
    const step = await wholeStep(checkpoint);
    expect(step === done || step === done + 1).toBe(true);
  }
  expect(cutShort).toBeGreaterThan(0);
  await save('last', 1);
  expect((await readdir(folder)).sort()).toEqual([
    expect.stringMatching(/^last-[0-9a-f]{16}\.s/),
    'last.json',
  ]);
});

test('a copy of the two files elsewhere is a checkpoint', async () => {
  await save('best', 5);
  const elsewhere = await mkdtemp(join(run, 'copy-'));
  for (const name of await readdir(folder)) await copyFile(join(folder, name), join(elsewhere, name));
  await using checkpoint = await loadCheckpoint(elsewhere);
  expect(await wholeStep(checkpoint)).toBe(5);
});
