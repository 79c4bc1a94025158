import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/index.ts';
import type { Dataset } from '../data/index.ts';
import { sha256 } from '../files/index.ts';
import { createModel, type Detector } from '../model/index.ts';
import type { Watch } from '../nn/index.ts';
import { uniform } from '../random/index.ts';
import { type Device, fromTypedArray, full, noGrad, scope, type Tensor } from '../torch/index.ts';
import {
  type Batch,
  computeStep,
  DiskWindows,
  drawAugmentation,
  type Loss,
  learningRateShare,
  mirrorFrom,
  setNumerics,
  stepParts,
} from '../train/index.ts';
import { LayerWatch, measureOf, type StepTrace } from './layer-trace.ts';

/** Indices of the windows of each batch of an optimiser step. */
export interface PlannedStep {
  readonly epoch: number;
  readonly batches: readonly (readonly number[])[];
}

/** One way to run the probe. */
export interface RunSettings {
  readonly dtype: 'float64' | 'float32';
  readonly device: Device;
  readonly threads: number;
  /**
   * The windows of each batch in the other order, and each weight off by its last bit: the same training, but for rounding. The
   * order alone would do nothing to a sum of two.
   */
  readonly isReordered: boolean;
  /** Steps whose layers are measured. */
  readonly watchedSteps: ReadonlySet<number>;
}

/** What a run leaves; one entry a step. */
export interface ProbeRun {
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  /** Of each window of the step, what a hash says of its samples and labels as the model sees them. */
  readonly contents: readonly (readonly string[])[];
  readonly traces: readonly StepTrace[];
}

/** What to change about a run, for tests of what is found then. */
export interface Fault {
  readonly model?: (model: Detector) => void;
  readonly output?: Watch;
}

/** The first steps of a training, as many as asked for, epoch after epoch. */
export function planSteps(dataset: Dataset, { training }: Config, count: number): PlannedStep[] {
  const steps: PlannedStep[] = [];
  const { batch_size, gradient_accumulation_steps } = training;
  for (let epoch = 0; steps.length < count; epoch++) {
    const batches = inGroups(Array.from(dataset.order(epoch)), batch_size * gradient_accumulation_steps);
    steps.push(...batches.map((indices) => ({ epoch, batches: inGroups(indices, batch_size) })));
  }
  return steps.slice(0, count);
}

/**
 * Trains the planned steps from the seed. The learning rate goes through its whole schedule in these steps. Calls `onStep`
 * after each, which may throw to stop.
 */
export async function runProbe(
  config: Config,
  dataset: Dataset,
  steps: readonly PlannedStep[],
  loss: Loss,
  settings: RunSettings,
  { onStep = (): void => undefined, fault = {} as Fault } = {},
): Promise<ProbeRun> {
  const { dtype, device, threads, isReordered } = settings;
  const { training, experiment } = config;
  // Float32 as it is: TF32 would make it another precision on some GPUs alone.
  setNumerics({ threads, isDeterministic: training.deterministic, hasTf32: false });
  const { set } = dataset;
  const model = createModel(config.model, { channels: set.channels, seed: experiment.seed });
  if (isReordered) moveLastBits(model, experiment.seed);
  fault.model?.(model);
  model.to({ dtype }).to({ device });
  let watch: Watch | null = fault.output ?? null;
  const parts = stepParts(config, {
    model: {
      parameters: () => model.parameters(),
      buffers: () => model.buffers(),
      forwardTraining: ({ signal, samples }, step, peers = null) =>
        model.forward(signal, {
          ...{ isTraining: true, seed: experiment.seed, step, samples, peers },
          ...(watch && {
            watch: onFirstPass(step, training.gradient_accumulation_steps, watch, fault.output),
          }),
        }),
    },
    device,
    precision: null,
    loss,
  });
  const ordered = steps.map(({ epoch, batches }) => ({
    epoch,
    batches: isReordered ? batches.map((batch) => batch.toReversed()) : batches,
  }));
  const reader = { workers: 0, prefetch: 1, isPersistent: false, batchSize: training.batch_size };
  using windows = new DiskWindows(set, reader, device);
  windows.plan(ordered.flatMap(({ batches }) => batches));
  const mirror = mirrorFrom(config);
  const { type, warmup_ratio } = training.scheduler;
  const schedule = { type, warmupRatio: warmup_ratio };
  const run = { losses: [], gradientNorms: [], contents: [], traces: [] } as {
    losses: number[];
    gradientNorms: number[];
    contents: string[][];
    traces: StepTrace[];
  };
  try {
    for (const [step, { epoch, batches }] of ordered.entries()) {
      using layers = settings.watchedSteps.has(step)
        ? new LayerWatch(fault.output ?? null, { isReversed: isReordered })
        : null;
      watch = layers?.watch ?? fault.output ?? null;
      scope(() => {
        const read = batches.map((windowIndices) => {
          const { seed } = experiment;
          const { channels } = windows;
          const augmentation = drawAugmentation(training.augmentation, {
            ...{ seed, epoch, windows: windowIndices, channels, mirror },
          });
          return windows.batch(windowIndices, augmentation);
        });
        run.contents.push(read.flatMap(contentsOf));
        const wide = read.map((batch): Batch => ({ ...batch, signal: batch.signal.to({ dtype }) }));
        const rate = training.learning_rate * learningRateShare(schedule, step, steps.length);
        const result = computeStep(parts, wide, step, full([], rate, { device }));
        const gradientNorm = result.gradientNorm.item();
        run.losses.push(result.loss.item());
        run.gradientNorms.push(gradientNorm);
        if (layers !== null) {
          const trace = layers.trace(
            step,
            model.parameters(),
            clipFactor(gradientNorm, training.gradient_clip),
          );
          run.traces.push(withInput(trace, isReordered ? wide[0]!.signal.flip(0) : wide[0]!.signal));
        }
      });
      onStep();
      await nextTurn();
    }
  } finally {
    parts.ring[Symbol.dispose]();
  }
  return run;
}

/** Each float32 weight to the number next to it, above or below. */
function moveLastBits(model: Detector, seed: number): void {
  noGrad(() => {
    for (const [place, tensor] of [...model.parameters().values()].entries())
      scope(() => {
        const signs = Float64Array.from({ length: tensor.elementCount }, (_, index) =>
          uniform(seed, LAST_BITS, place, index) < 0.5 ? 1 - 2 ** -24 : 1 + 2 ** -24,
        );
        // In float64, where the product is exact to 2^-53: rounded to float32 it is the next number.
        tensor.copy_(tensor.to({ dtype: 'float64' }).mul(fromTypedArray(signs, tensor.shape)));
      });
  });
}

/** Keeps these draws apart from others with the same seed. */
const LAST_BITS = 0x1b;

/** Watches the first batch of a step only, which accumulation makes of several. */
function onFirstPass(
  pass: number | Tensor,
  batches: number,
  watch: Watch,
  otherwise: Watch = (_layer, output) => output,
): Watch {
  return typeof pass === 'number' && pass % batches !== 0 ? otherwise : watch;
}

/** What the step has multiplied the gradients by (as in train/step.ts). */
function clipFactor(norm: number, limit: number | null): number {
  return limit === null ? 1 : Math.min(1, limit / (norm + 1e-6));
}

/** The samples that went in, as a layer before the first. */
function withInput({ step, layers }: StepTrace, signal: Tensor): StepTrace {
  const input = { name: 'input', output: measureOf(signal), outputGradient: null, weightGradient: null };
  return { step, layers: [input, ...layers] };
}

/** A hash of each window of a batch, float32 samples and labels. */
function contentsOf({ signal, labels }: Batch): string[] {
  const size = signal.shape[0]!;
  const bytesOf = (tensor: Tensor, index: number) => {
    const { buffer, byteOffset, byteLength } = scope(() => tensor.select(0, index)).data();
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
  return Array.from({ length: size }, (_, index) => {
    const samples = sha256(bytesOf(signal, index));
    return sha256(samples + sha256(bytesOf(labels, index))).slice(0, 12);
  });
}

function inGroups(indices: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(indices.length / size) }, (_, i) =>
    indices.slice(i * size, (i + 1) * size),
  );
}
