import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { noGrad, type Tensor, tensor } from '../torch/index.ts';
import type { Training } from './loop.ts';
import { TrainingCheckpoints } from './training-checkpoints.ts';
import { newState } from './training-state.ts';

type Content = Parameters<Training['run']['saveCheckpoint']>[1];

/** Checkpoints of one weight, whose writing ends when the test says so. */
function open(isBeside: boolean, more: Partial<Training> = {}) {
  const weight: Tensor = tensor([1, 2], { dtype: 'float32' });
  const writes: { content: Content; end: PromiseWithResolvers<string> }[] = [];
  const run = {
    saveCheckpoint: (_name: string, content: Content) => {
      const end = Promise.withResolvers<string>();
      writes.push({ content, end });
      return end.promise;
    },
  };
  const training = {
    config: configSchema.parse({ training: { checkpoint_minutes: 1 } }),
    ...{ run, board: { records: 0 }, now: () => new Date(0), loss: { kind: 'bce' }, prevalence: null },
    ...{ peers: null, ...more },
  } as unknown as Training;
  const checkpoints = new TrainingCheckpoints(training, new Map([['weight', weight]]), { isBeside });
  return { weight, writes, checkpoints };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const soon = new Promise((resolve) => setTimeout(resolve, 20, 'soon'));
  return (await Promise.race([promise.catch(() => null), soon])) !== 'soon';
}

test('training goes on while a checkpoint is written, which stays as things stood', async () => {
  const { weight, writes, checkpoints } = open(true);
  const state = { ...newState(), step: 7 };
  await checkpoints.save(state, ['best']);
  noGrad(() => weight.mul_(10));
  state.step = 8;
  const { content } = writes[0]!;
  expect([...new Float32Array(content.tensors.get('weight')!.bytes.buffer)]).toEqual([1, 2]);
  expect(content).toMatchObject({ state: { step: 7 }, also: ['best'] });

  const second = checkpoints.save(state);
  expect(await isSettled(second)).toBe(false);
  expect(writes).toHaveLength(1);
  writes[0]!.end.resolve('');
  await second;
  const written = checkpoints.written();
  expect(await isSettled(written)).toBe(false);
  writes[1]!.end.resolve('');
  await written;
});

test('a write that fails is told at the next step, and by whoever waits for it', async () => {
  const { writes, checkpoints } = open(true);
  await checkpoints.save(newState());
  expect(checkpoints.isDue).toBe(false);
  writes[0]!.end.reject(new Error('no space left'));
  await isSettled(checkpoints.written());
  expect(() => checkpoints.isDue).toThrow('no space left');
  await expect(checkpoints.written()).rejects.toThrow('no space left');
  await expect(checkpoints.save(newState())).rejects.toThrow('no space left');
});

test('where the CPU trains, a checkpoint is on disk before the next step', async () => {
  const { writes, checkpoints } = open(false);
  const saving = checkpoints.save(newState());
  expect(await isSettled(saving)).toBe(false);
  writes[0]!.end.resolve('');
  await saving;
});

test('of processes that train together only the first one writes; the next checkpoint is as far away for all', async () => {
  let minutes = 0;
  const now = () => new Date(minutes * 60_000);
  const { writes, checkpoints } = open(true, { now, peers: { isFirst: false } as Training['peers'] });
  minutes = 1;
  expect(checkpoints.isDue).toBe(true);
  await checkpoints.save(newState());
  expect(checkpoints.isDue).toBe(false);
  expect(writes).toEqual([]);
  minutes = 2;
  expect(checkpoints.isDue).toBe(true);
});
