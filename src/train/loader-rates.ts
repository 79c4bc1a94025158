import type { Config } from '../config/index.ts';
import type { Dataset } from '../data/index.ts';
import { arange, aten, type Device, noGrad, scope, synchronize, zeros } from '../torch/index.ts';
import { drawAugmentation, mirrorFrom } from './augmentation.ts';
import { type Batch, type StepParts, trainingStep } from './step.ts';
import { inBatches } from './step-batches.ts';
import type { Windows } from './windows.ts';

/** How rates are measured. */
export interface Measuring {
  readonly config: Config;
  /** How long each is measured. */
  readonly seconds: number;
  /** Milliseconds that only rise. */
  readonly now: () => number;
}

/** What a source of windows delivers: batches taken as training takes them, epoch by epoch, from the first one on. */
export function measureLoader(
  { config, seconds, now }: Measuring,
  windows: Windows,
  dataset: Dataset,
  device: Device,
) {
  const { batch_size, augmentation } = config.training;
  const draw = { seed: config.experiment.seed, channels: windows.channels, mirror: mirrorFrom(config) };
  let [batches, taken, started] = [0, 0, now()];
  const isOver = () => batches > 1 && now() - started >= 1000 * seconds;
  for (let epoch = 0; batches < 2 || !isOver(); epoch++) {
    const plan = inBatches(Array.from(dataset.order(epoch)), batch_size);
    windows.plan(plan);
    for (const indices of plan) {
      const batch = windows.batch(
        indices,
        drawAugmentation(augmentation, { ...draw, epoch, windows: indices }),
      );
      for (const tensor of Object.values(batch)) tensor.dispose();
      batches++;
      if (batches === 1) {
        // What happens once is not part of the rate: the first launch of each operator, the start of readers.
        synchronize(device);
        started = now();
      } else taken += indices.length;
      if (isOver()) break;
    }
  }
  synchronize(device);
  return rateOf({ batches: batches - 1, windows: taken }, now() - started);
}

const WARM_UP_STEPS = 2;
const FEWEST_STEPS = 3;
const MOST_STEPS = 200;

/** What training steps consume: real ones, on random windows. @param shape (B, T, C) of a batch */
export function measureSteps(
  { config, seconds, now }: Measuring,
  parts: StepParts,
  shape: readonly [number, number, number],
  device: Device,
) {
  const { gradient_accumulation_steps, learning_rate } = config.training;
  const batch = randomBatch(shape, device);
  const batches = Array.from({ length: gradient_accumulation_steps }, () => batch);
  let done = 0;
  const elapsedMs = (steps: number) => {
    const started = now();
    for (let step = 0; step < steps; step++) {
      trainingStep(parts, batches, done++, learning_rate);
      if (parts.ring.isFull) parts.ring.send();
      parts.ring.receive();
    }
    synchronize(device);
    return now() - started;
  };
  elapsedMs(WARM_UP_STEPS);
  // As in training, nothing waits for the device between two steps; so their number is set beforehand.
  const one = elapsedMs(1);
  const steps = Math.min(MOST_STEPS, Math.max(FEWEST_STEPS, Math.round((1000 * seconds) / one)));
  const elapsed = elapsedMs(steps);
  for (const tensor of Object.values(batch)) tensor.dispose();
  return rateOf({ steps, windows: steps * gradient_accumulation_steps * shape[0] }, elapsed);
}

function randomBatch([size, length, channels]: readonly [number, number, number], device: Device): Batch {
  return noGrad(() =>
    scope(() => ({
      signal: aten.normal_({ self: zeros([size, length, channels], { device }) }),
      labels: zeros([size, length], { dtype: 'uint8', device }),
      samples: arange(size, { device }),
    })),
  );
}

function rateOf<Counts extends { windows: number }>(counts: Counts, elapsedMs: number) {
  const seconds = elapsedMs / 1000;
  return { ...counts, seconds, windows_per_s: counts.windows / seconds };
}
