import { expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { tensor } from '../torch/index.ts';
import type { Augmentation } from './augmentation.ts';
import { StepBatches } from './step-batches.ts';
import type { Windows } from './windows.ts';

const config = configSchema.parse({
  training: { batch_size: 3, gradient_accumulation_steps: 2, augmentation: { gain: [0.5, 2] } },
});

function recorded() {
  const seen = { planned: [] as number[][], asked: [] as { indices: number[]; factors: number[] }[] };
  let waitedMs = 0;
  const windows: Windows = {
    channels: 1,
    get waitedMs() {
      return waitedMs;
    },
    plan: (batches) => void seen.planned.push(...batches.map((batch) => [...batch])),
    batch: (indices, augmentation: Augmentation | null = null) => {
      seen.asked.push({ indices: [...indices], factors: [...augmentation!.factors] });
      waitedMs += 2;
      return { signal: tensor([0]), labels: tensor([0]), samples: tensor([0]) };
    },
    [Symbol.dispose]: () => undefined,
  };
  return { seen, windows };
}

const ORDER = [7, 3, 9, 1, 5, 8, 2, 4];

test('the batches that are asked for are those that were planned, the last step of an epoch being short', () => {
  const { seen, windows } = recorded();
  const batches = new StepBatches({ config, windows, peers: null });
  batches.plan(ORDER);
  const steps = [batches.fetch(ORDER.slice(0, 6), 0), batches.fetch(ORDER.slice(6), 0)];
  expect(seen.planned).toEqual([
    [7, 3, 9],
    [1, 5, 8],
    [2, 4],
  ]);
  expect(seen.asked.map(({ indices }) => indices)).toEqual(seen.planned);
  expect(steps.map(({ sizes, waitedMs }) => ({ sizes, waitedMs }))).toEqual([
    { sizes: [3, 3], waitedMs: 4 },
    { sizes: [2], waitedMs: 2 },
  ]);
});

test('each process has its windows with the gains that one process gives them; sizes are of whole batches', () => {
  const alone = recorded();
  new StepBatches({ config, windows: alone.windows, peers: null }).fetch(ORDER.slice(0, 6), 4);
  const gains = new Map(
    alone.seen.asked.flatMap(({ indices, factors }) => indices.map((index, i) => [index, factors[i]!])),
  );
  for (const rank of [0, 1]) {
    const { seen, windows } = recorded();
    const own = (batch: readonly number[]) => batch.filter((_, i) => i % 2 === rank);
    const batches = new StepBatches({ config, windows, peers: { own } });
    batches.plan(ORDER.slice(0, 6));
    expect(batches.fetch(ORDER.slice(0, 6), 4).sizes).toEqual([3, 3]);
    expect(seen.planned).toEqual([own([7, 3, 9]), own([1, 5, 8])]);
    for (const { indices, factors } of seen.asked)
      expect(factors).toEqual(indices.map((index) => gains.get(index)));
  }
});
