import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import {
  captureEnvironment,
  createRun,
  Heartbeat,
  Logger,
  loadCheckpoint,
  openRun,
  TensorboardWriter,
} from '../runs/index.ts';
import { noGrad, TorchError, tensor, zeros } from '../torch/index.ts';
import { type Metrics, type Training, train } from './loop.ts';
import type { Windows } from './windows.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bgb-loop-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const environment = await captureEnvironment({
  root: tmpdir(),
  version: '0.1.0',
  libtorch: null,
  cuda: null,
  gpus: [],
  device: 'cpu',
  threads: 1,
  variables: {},
});

const WINDOWS = 12;
const LENGTH = 8;

/** Windows of one channel: seizure, the second half of each, is louder. Those named are NaN. */
function windowsOf(broken: ReadonlySet<number>): Windows {
  return {
    channels: 1,
    plan: () => undefined,
    batch: (indices) => ({
      signal: tensor(
        indices.map((index) =>
          Array.from({ length: LENGTH }, (_, t) => [
            broken.has(index) ? Number.NaN : (t < LENGTH / 2 ? 0 : 1) + 0.01 * index,
          ]),
        ),
      ),
      labels: tensor(
        indices.map(() => Array.from({ length: LENGTH }, (_, t) => (t < LENGTH / 2 ? 0 : 1))),
        { dtype: 'uint8' },
      ),
      samples: tensor([...indices], { dtype: 'int64' }),
    }),
    [Symbol.dispose]: () => undefined,
  };
}

interface Changes {
  readonly training?: object;
  readonly broken?: ReadonlySet<number>;
  readonly evaluate?: (weight: () => number) => Promise<Metrics | null>;
  readonly forward?: () => never;
  readonly setUp?: () => void;
  readonly now?: () => Date;
  readonly interruption?: (step: number) => NodeJS.Signals | null;
  readonly isResuming?: boolean;
}

/** Trains a line, logit = weight * signal + bias, in a run folder of its own. */
async function trainLine(changes: Changes = {}) {
  const config = configSchema.parse({
    training: {
      epochs: 4,
      batch_size: 3,
      loss: 'bce',
      learning_rate: 0.1,
      early_stopping: null,
      ...changes.training,
    },
    logging: { log_every_n_steps: 2 },
  });
  const now = changes.now ?? (() => new Date());
  const lines: string[] = [];
  const start = {
    config: { values: {}, origins: {} },
    record: {
      splits: {},
      epoch: {
        ...{ partial_seizure: 0, full_seizure: 0, no_seizure: 0 },
        is_balanced: false,
        is_unbalanced_fallback: false,
      },
      plan: { name: 'line', epochs: 4, steps_per_epoch: 4, windows_per_step: 3, metric: null },
      recordings: {},
    },
    references: ['REF'],
    data: { train: 'aa' },
    environment,
    now,
  };
  await using run = changes.isResuming ? await openRun(folder, start) : await createRun(folder, start);
  using log = new Logger({ level: 'INFO', write: (line) => lines.push(line), now });
  await using heartbeat = await Heartbeat.start({
    path: run.path('heartbeat'),
    intervalS: 60,
    onFailure: () => undefined,
  });
  using board = TensorboardWriter.create(run.path('tensorboard'), { now: now() });
  const weight = tensor([0.5]).withGrad();
  const bias = tensor([0]).withGrad();
  let done = 0;
  const training: Training = {
    config,
    model: {
      parameters: () => new Map([['weight', weight], ['bias', bias]]), // biome-ignore format: short
      buffers: () => {
        changes.setUp?.();
        return new Map();
      },
      forwardTraining:
        changes.forward ??
        (({ signal }) => {
          done++;
          return signal.squeeze(2).mul(weight).add(bias);
        }),
    },
    device: 'cpu',
    precision: null,
    loss: { kind: 'bce', positiveWeight: 1 },
    prevalence: 0.1,
    windows: windowsOf(changes.broken ?? new Set()),
    order: () => Array.from({ length: WINDOWS }, (_, i) => i),
    evaluate: changes.evaluate ? () => changes.evaluate!(() => noGrad(() => weight.item())) : null,
    run,
    log,
    heartbeat,
    board,
    now,
    interruption: () => changes.interruption?.(done) ?? null,
    onProgress: () => undefined,
    gpu: () => null,
    windowNames: (indices) => indices.map((index) => `r.npz row ${index * LENGTH}`),
    fittingBatch: () => 2,
    peers: null,
  };
  let outcome: Awaited<ReturnType<typeof train>> | null = null;
  let error: unknown = null;
  try {
    outcome = await train(training);
    if (outcome.reason === 'finished') await run.finish(outcome.step, {});
  } catch (thrown) {
    error = thrown;
  }
  const events = readFileSync(join(folder, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { outcome, error, events, lines: lines.join(''), values: [...weight.toArray(), ...bias.toArray()] };
}

const checkpoints = () => readdirSync(join(folder, 'checkpoints'));

test('each step’s line has what it was, where its time went, and its windows', async () => {
  const { outcome, events, error } = await trainLine();
  expect(error).toBeNull();
  expect(outcome).toMatchObject({ reason: 'finished', step: 16, skipped: 0 });
  const steps = events.filter(({ kind }) => kind === 'step');
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  for (const step of steps) {
    expect(step.positive_share).toBe(0.5);
    expect(step.windows_per_s).toBeGreaterThan(0);
    const shares = step.waiting_share + step.copying_share + step.computing_share;
    expect(shares).toBeCloseTo(1, 9);
    expect(step).toMatchObject({ gpu_utilisation: null, gpu_memory_bytes: null });
    expect(step.windows).toMatch(/^[0-9a-f]{16}$/);
  }
  // Cosine without warm-up steps: floor(0.03 * 16) = 0.
  expect(steps[8].learning_rate).toBeCloseTo(0.05, 12);
  expect(steps.at(-1).loss).toBeLessThan(steps[0].loss);
});

test('F1, F7: a step with a NaN is counted, named with its windows, and changes nothing', async () => {
  // Windows 3, 4 and 5 are the second step of each epoch.
  const { outcome, events, lines, values } = await trainLine({ broken: new Set([4]) });
  expect(outcome).toMatchObject({ reason: 'finished', step: 16, skipped: 4 });
  const skipped = events.filter(({ kind }) => kind === 'skipped');
  expect(skipped.map(({ step }) => step)).toEqual([2, 6, 10, 14]);
  expect(skipped[0]).toMatchObject({
    loss: 'NaN',
    window_list: ['r.npz row 24', 'r.npz row 32', 'r.npz row 40'],
  });
  expect(lines).toMatch(/WARNING {2}step 2 skipped: loss NaN.*its windows: r\.npz row 24, r\.npz row 32/);
  expect(values.every(Number.isFinite)).toBe(true);
  // Not in the mean of the epoch.
  for (const { train_loss } of events.filter(({ kind }) => kind === 'epoch'))
    expect(Number.isFinite(train_loss)).toBe(true);
});

test('a checkpoint says how much seizure the batches held, and the recordings', async () => {
  await trainLine();
  await using last = await loadCheckpoint(folder, 'last');
  expect(last.state.seizure_shares).toEqual({ batches: 0.5, loss_odds: 1, recordings: 0.1 });
});

test('early stopping on a metric that dev cannot give: all epochs are trained, the last one is the best', async () => {
  const evaluate = async () => ({ auroc: 0.9, sensitivity_at_10fa: null });
  const { outcome } = await trainLine({
    evaluate,
    training: { early_stopping: { patience: 1, metric: 'sensitivity_at_10fa' } },
  });
  expect(outcome).toMatchObject({ reason: 'finished', epoch: 4 });
  await using best = await loadCheckpoint(folder, 'best');
  expect(best.state.epoch).toBe(4);
});

test('early stopping ends a training that no longer improves, and best is the checkpoint of the best epoch', async () => {
  const values = [0.7, 0.8, 0.8, 0.75, 0.9];
  const evaluate = async () => ({ auroc: values.shift()! });
  const { outcome, lines } = await trainLine({
    evaluate,
    training: { epochs: 5, early_stopping: { patience: 2, metric: 'auroc' } },
  });
  expect(outcome).toMatchObject({ reason: 'stopped early', epoch: 4 });
  expect(lines).toMatch(/stopped early: auroc has not improved on 0\.8 for 2 evaluations/);
  await using best = await loadCheckpoint(folder, 'best');
  expect(best.state).toMatchObject({ epoch: 2, metric: { name: 'auroc', value: 0.8, mode: 'max' } });
});

test('F10: past the limit of skipped steps in a row the run stops and publishes nothing', async () => {
  const broken = new Set([3, 4, 5, 6, 7, 8, 9]);
  const { error, events } = await trainLine({ broken, training: { guards: { skipped_steps: 3 } } });
  expect(error).toMatchObject({ code: 'TRAIN_NOT_FINITE' });
  expect((error as Error).message).toMatch(/not finite in 3 steps in a row, up to step 4\./);
  expect(events.at(-1)).toMatchObject({ kind: 'aborted' });
  expect(readdirSync(folder)).not.toContain('done.json');
  expect(readdirSync(folder)).not.toContain('checkpoints');
  // Three in a row never come where a sound step stands between.
  rmSync(folder, { recursive: true });
  const between = new Set([3, 4, 5, 6, 7, 8]);
  const { outcome } = await trainLine({ broken: between, training: { guards: { skipped_steps: 3 } } });
  expect(outcome).toMatchObject({ reason: 'finished', skipped: 8 });
});

test('E1: a model that has collapsed stops the run with likely causes, and nothing of the epoch is saved', async () => {
  const evaluate = async () => ({ auroc: 0.5, highest_probability: 0.4 });
  const { error, events, lines } = await trainLine({
    evaluate,
    training: { guards: { collapse_epochs: 2 } },
  });
  expect(error).toMatchObject({ code: 'TRAIN_COLLAPSE' });
  const { message } = error as Error;
  expect(message).toMatch(/after epoch 2, for 2 evaluations in a row, the AUROC on dev is 0\.500/);
  expect(message).toMatch(/Likely causes:\n- training\.learning_rate 0\.1 may be/);
  expect(lines).toMatch(/epoch 1: the AUROC on dev is 0\.500.*1 of the 2 evaluations in a row/);
  expect(events.at(-1)).toMatchObject({ kind: 'aborted', step: 8 });
  expect(readdirSync(folder)).not.toContain('done.json');
  await using last = await loadCheckpoint(folder, 'last');
  expect(last.state).toMatchObject({ epoch: 1, counters: { collapsed_in_a_row: 1 } });

  const resumed = await trainLine({
    evaluate,
    isResuming: true,
    training: { guards: { collapse_epochs: null } },
  });
  expect(resumed.outcome).toMatchObject({ reason: 'finished', epoch: 4 });
});

test('a better evaluation in between starts the count of collapsed ones again', async () => {
  const aurocs = [0.5, 0.8, 0.5, 0.8];
  const evaluate = async () => ({ auroc: aurocs.shift()!, highest_probability: 0.4 });
  const { outcome } = await trainLine({ evaluate, training: { guards: { collapse_epochs: 2 } } });
  expect(outcome).toMatchObject({ reason: 'finished' });
});

test('no memory left: the run is aborted with the batch that would fit', async () => {
  const forward = () => {
    throw new TorchError('aten::conv2d', [], new Error('CUDA out of memory. Tried to allocate 20.00 MiB'));
  };
  const { error, events } = await trainLine({ forward });
  expect(error).toMatchObject({ code: 'TRAIN_MEMORY' });
  expect((error as Error).message).toMatch(/\(training, batches of 3 windows\)\. A batch of 2 would fit/);
  expect(events.at(-1)).toMatchObject({ kind: 'aborted', step: 0 });
  expect(readdirSync(folder)).not.toContain('done.json');
  rmSync(folder, { recursive: true });
  const starting = await trainLine({ setUp: () => void zeros([2 ** 50]) });
  expect((starting.error as Error).message).toMatch(/\(setting up, batches of 3 windows\)/);
  expect(starting.events.at(-1)).toMatchObject({ kind: 'aborted', step: 0 });
  rmSync(folder, { recursive: true });
  const evaluating = await trainLine({ evaluate: async () => ({ loss: zeros([2 ** 50]).item() }) });
  expect((evaluating.error as Error).message).toMatch(/\(evaluating on dev, batches of 3 windows\)/);
});

test('the average is what is evaluated and saved, beside the weights; resumed, both end with the same bits', async () => {
  const seen: number[] = [];
  const evaluate = async (weight: () => number) => {
    seen.push(weight());
    return { auroc: 0.9, highest_probability: 0.9 };
  };
  const training = { ema_decay: 0.9 };
  const whole = await trainLine({ training, evaluate });
  expect(whole.outcome?.reason).toBe('finished');
  const stored = async (name: string) => {
    await using checkpoint = await loadCheckpoint(folder, 'last');
    const { bytes } = await checkpoint.tensors.read(name);
    return new Float32Array(bytes.slice().buffer)[0]!;
  };
  const [average, weight] = [await stored('ema.weight'), await stored('weight')];
  expect(seen.at(-1)).toBe(average);
  expect(weight).toBe(whole.values[0]);
  expect(average).not.toBe(weight);

  rmSync(folder, { recursive: true });
  const stop = (step: number) => (step === 7 ? ('SIGTERM' as const) : null);
  const first = await trainLine({ training, evaluate, interruption: stop });
  expect(first.outcome).toMatchObject({ reason: 'SIGTERM', step: 7 });
  await trainLine({ training, evaluate, isResuming: true });
  expect([await stored('ema.weight'), await stored('weight')]).toEqual([average, weight]);
});

test('interrupted while it evaluates, a run is saved and evaluates again when it is resumed', async () => {
  const whole = await trainLine({ evaluate: async () => ({ auroc: 0.9, highest_probability: 0.9 }) });
  rmSync(folder, { recursive: true });
  let evaluations = 0;
  const interrupted = await trainLine({
    evaluate: async () => (++evaluations === 2 ? null : { auroc: 0.9, highest_probability: 0.9 }),
    interruption: () => (evaluations === 2 ? 'SIGINT' : null),
  });
  expect(interrupted.outcome).toMatchObject({ reason: 'SIGINT', step: 8, epoch: 1 });
  const resumed = await trainLine({
    isResuming: true,
    evaluate: async () => ({ auroc: 0.9, highest_probability: 0.9 }),
  });
  expect(resumed.outcome).toMatchObject({ reason: 'finished', step: 16 });
  const told = (events: { kind: string; step: number; loss?: number; train_loss?: number }[]) =>
    events
      .filter(({ kind }) => kind === 'step' || kind === 'epoch')
      .map(({ kind, step, loss, train_loss }) => ({ kind, step, loss, train_loss }));
  expect(told(resumed.events)).toEqual(told(whole.events));
});

test('checkpoints come every few minutes, too, and the last few are kept; that changes no bit', async () => {
  const whole = await trainLine({ training: { checkpoint_minutes: null, keep_checkpoints: 1 } });
  expect(checkpoints().filter((name) => /^last.*\.json$/.test(name))).toEqual(['last.json']);
  rmSync(folder, { recursive: true });
  let minute = 0;
  const often = await trainLine({
    training: { checkpoint_minutes: 1, keep_checkpoints: 3 },
    now: () => new Date(60_000 * minute++),
  });
  expect(often.values).toEqual(whole.values);
  const kept = checkpoints().filter((name) => /^last.*\.json$/.test(name));
  expect(kept.sort()).toEqual(['last-step-15.json', 'last-step-16.json', 'last.json']);
  expect(checkpoints().filter((name) => /^last-.*\.safetensors$/.test(name)).length).toBeLessThanOrEqual(3);
});
