import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { isCudaAvailable } from '../torch/index.ts';
import { evaluateCheckpoint } from './evaluate-checkpoint.ts';
import { startTraining } from './start.ts';
import { buildSampleCache, SMOKE } from './testing/sample-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-train-'));
const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const cache = join(folder, 'cache');

beforeAll(() => buildSampleCache(cache));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = (run: string, more: readonly string[]) => [
  `data.cache_dir=${cache}`,
  `experiment.output_dir=${join(folder, run)}`,
  'training.epochs=2',
  'training.augmentation.gain=[0.3,3]',
  'resources.threads=1',
  ...more,
];

/** Trains on the sample in this process. */
async function trainHere(run: string, more: readonly string[] = [], { isResuming = false } = {}) {
  let log = '';
  const outcome = await startTraining({
    loaded: await loadConfig(SMOKE, { set: settings(run, more) }),
    isResuming,
    isManifestRebuildForced: false,
    root: fileURLToPath(new URL('../..', import.meta.url)),
    version: '0.1.0',
    writeLog: (text) => {
      log += text;
    },
    now: () => new Date(),
    interruption: () => null,
    place: null,
    onPort: () => undefined,
    onStart: () => undefined,
    onProgress: () => undefined,
  });
  return { outcome, log };
}

/** `bgb train` on the sample, in a process of its own that can be killed. */
function startTrain(run: string): ChildProcess {
  const set = settings(run, []).flatMap((value) => ['--set', value]);
  return spawn(process.execPath, [MAIN, 'train', SMOKE, ...set], { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { code, errors };
}

async function waitForStep(run: string, step: number): Promise<void> {
  const events = join(folder, run, 'events.jsonl');
  while (!existsSync(events) || !readFileSync(events, 'utf8').includes(`"step":${step},`)) await delay(5);
}

/** Which tensors the last checkpoint holds: the file is named by their hash. */
function lastTensors(run: string): string {
  const last = readFileSync(join(folder, run, 'checkpoints/last.json'), 'utf8');
  return JSON.parse(last).tensors.sha256;
}

function steps(run: string): { step: number; loss: number; windows: string }[] {
  const lines = readFileSync(join(folder, run, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === 'step')
    .map(({ step, loss, windows }) => ({ step, loss, windows }));
}

test('H8, H9: killed or interrupted and resumed, or read from disk, a training ends with the same bits as without', async () => {
  expect((await trainHere('whole')).outcome).toMatchObject({ reason: 'finished', step: 16 });
  expect(existsSync(join(folder, 'whole/done.json'))).toBe(true);
  const whole = steps('whole');
  expect(whole.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));

  // In the second epoch, so that a checkpoint is there.
  const killed = startTrain('killed');
  await waitForStep('killed', 11);
  killed.kill('SIGKILL');
  await ended(killed);
  expect(existsSync(join(folder, 'killed/done.json'))).toBe(false);
  await trainHere('killed', [], { isResuming: true });
  expect(lastTensors('killed')).toBe(lastTensors('whole'));
  expect(steps('killed')).toEqual(whole);

  const interrupted = startTrain('interrupted');
  await waitForStep('interrupted', 4);
  interrupted.kill('SIGINT');
  const { code, errors } = await ended(interrupted);
  expect(code).toBe(130);
  expect(errors).toMatch(
    /stopped at step \d+; go on with: bgb train .* --set training\.epochs=2 .* --resume/,
  );
  await trainHere('interrupted', [], { isResuming: true });
  expect(lastTensors('interrupted')).toBe(lastTensors('whole'));
  expect(steps('interrupted')).toEqual(whole);

  const disk = await trainHere('disk', ['data.residency=disk', 'data.num_workers=2']);
  expect(disk.log).toMatch(/samples on disk.*\n.*cache \/.*: 118 of 118 windows found \(100\.0 %\)/);
  expect(lastTensors('disk')).toBe(lastTensors('whole'));
  expect(steps('disk')).toEqual(whole);

  await expect(trainHere('whole')).rejects.toThrow(/already holds a finished run/);
  await expect(trainHere('whole', ['preprocessing.clip=5'])).rejects.toThrow(
    /built with other settings.*clip 10 instead of 5/,
  );
});

test('a trained model scores a cache and recordings alike; undefined figures say why', async () => {
  const request = {
    checkpoint: join(folder, 'whole'),
    isReferenceForced: false,
    patientPattern: null,
    output: join(folder, 'scores'),
    device: 'cpu' as const,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  };
  const cached = await evaluateCheckpoint({ ...request, data: join(cache, 'dev') });
  const recordings = fileURLToPath(new URL('../../data/sample/chb03', import.meta.url));
  const read = await evaluateCheckpoint({ ...request, data: recordings });
  expect(read.figures).toEqual(cached.figures);
  // The whole cache has train and dev: never what was trained on, where there is something else.
  const whole = await evaluateCheckpoint({ ...request, output: null, data: cache });
  expect(whole).toMatchObject({ split: 'dev', figures: cached.figures });
  expect([cached.split, read.split]).toEqual(['dev', null]);
  expect(cached).toMatchObject({ recordings: 7, patients: 1, seizures: 7, left_out: [] });
  expect(cached.references).toEqual({ trained_on: ['bipolar'], found: ['bipolar'], mismatched: 0 });
  expect(cached.recorded_hours).toBeCloseTo(140 / 3600, 9);
  expect(cached.figures.false_alarms_per_24h_recorded).toEqual({
    value: null,
    reason: 'less than 24 h of seizure-free EEG',
    interval: null,
  });
  expect(readdirSync(join(folder, 'scores/predictions'))).toHaveLength(7);
  expect(JSON.parse(readFileSync(join(folder, 'scores/evaluation.json'), 'utf8'))).toEqual(read);
});

test('predictions of recordings in folders name the recording alone, as TUSZ does', async () => {
  const clip = 'chb03_01_clip_edfplusD';
  mkdirSync(join(folder, 'nested/chb03'), { recursive: true });
  cpSync(
    fileURLToPath(new URL(`../../data/sample/chb03/${clip}.edf`, import.meta.url)),
    join(folder, `nested/chb03/${clip}.edf`),
  );
  await evaluateCheckpoint({
    checkpoint: join(folder, 'whole'),
    data: join(folder, 'nested'),
    isReferenceForced: false,
    patientPattern: null,
    output: join(folder, 'nested-scores'),
    device: 'cpu',
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const written = readFileSync(join(folder, `nested-scores/predictions/chb03/${clip}.csv_bi`), 'utf8');
  expect(written).toContain(`# bname = ${clip}\n`);
});

test('training.init_from starts from a run’s weights, and names those that do not fit before anything is written', async () => {
  const first = steps('whole')[0]!.loss;
  const from = `training.init_from=${join(folder, 'whole')}`;
  const { log } = await trainHere('tuned', [from, 'training.epochs=1', 'training.optimizer=sgd']);
  expect(log).toMatch(/weights from .*whole\/checkpoints\/best\.json/);
  expect(steps('tuned')[0]!.loss).toBeLessThan(0.9 * first);
  await refused(
    [from, 'model.mamba.d_state=4'],
    /best-.*does not fit the model.*mamba\.layers\.0\.forward_mamba\.in_proj/,
  );
  if (!isCudaAvailable()) await refused(['experiment.device=cuda'], /no GPU|CUDA/);
});

test('F1, F10: a training that diverges stops, names step or recording, and publishes nothing', async () => {
  const diverge = async (run: string, more: readonly string[]) => {
    const error = await trainHere(run, ['training.learning_rate=1e30', ...more]).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'TRAIN_NOT_FINITE' });
    // The user's data and settings are not unusable: exit code 1.
    expect(error).not.toBeInstanceOf(InputError);
    expect(readdirSync(join(folder, run))).not.toContain('done.json');
    const events = readFileSync(join(folder, run, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n');
    return { message: (error as Error).message, last: JSON.parse(events.at(-1)!) };
  };
  const stepping = await diverge('diverging', ['training.batch_size=2']);
  // The first step's weights are too large, the 20 after it are skipped; metrics arrive some steps late.
  expect(stepping.message).toMatch(/not finite in 20 steps in a row, up to step 21\. Lower training/);
  expect(stepping.last.kind).toBe('aborted');
  expect(stepping.last.step).toBeGreaterThanOrEqual(21);
  const predicting = await diverge('predicting', []);
  expect(predicting.message).toMatch(/The model predicts NaN for chb03\S+\.npz.* Lower training/);
  expect(predicting.last).toMatchObject({ kind: 'aborted', step: 8 });
});

test('a cache that is not there, or has no dev split to stop early on, is refused before anything is written', async () => {
  await refused(
    [`data.cache_dir=${join(folder, 'nowhere')}`],
    /nowhere\/train holds no cache entries .*Run bgb build-cache first/,
  );
  const alone = join(folder, 'alone');
  cpSync(join(cache, 'train'), join(alone, 'train'), { recursive: true });
  await refused(
    [`data.cache_dir=${alone}`, 'training.early_stopping={patience: 2, metric: auroc}'],
    /alone\/dev holds no cache entries/,
  );
});

async function refused(more: readonly string[], message: RegExp): Promise<void> {
  const error = await trainHere('refused', more).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  expect(error.message).toMatch(message);
  expect(existsSync(join(folder, 'refused'))).toBe(false);
}
