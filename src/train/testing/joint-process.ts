// Trains a small detector in float64 with one process or as one of several, for joint-step.test.ts.
import { configSchema } from '../../config/index.ts';
import { createModel } from '../../model/index.ts';
import { uniform } from '../../random/index.ts';
import {
  type Device,
  type Dtype,
  fromTypedArray,
  full,
  openProcessGroup,
  scope,
  setThreads,
  tensor,
} from '../../torch/index.ts';
import { TrainingPeers } from '../peers.ts';
import { type Batch, computeStep } from '../step.ts';
import { stepParts } from '../step-parts.ts';
import { trainable } from '../trainable.ts';

export interface JointPlace {
  readonly rank: number;
  readonly size: number;
  readonly port: number;
}

/** Each step's loss, gradient norm and share of seizure, and the running variance of a batch norm at the end. */
export interface JointResult {
  readonly steps: readonly (readonly number[])[];
  readonly statistics: readonly number[];
  readonly windows: readonly (readonly number[])[];
}

const [CHANNELS, LENGTH] = [3, 32];
/** Windows of each step's two batches: whole ones, one that does not divide, and one with fewer windows than processes. */
const STEPS = Array.from({ length: 50 }, (_, step) =>
  step % 10 === 9
    ? [[step], [step + 1, step + 2]]
    : [
        [step, step + 1, step + 2, step + 3],
        [step + 4, step + 5, step + 6],
      ],
);

const config = configSchema.parse({
  model: {
    encoder: { channels: [8, 16], stages: 2, kernel_size: 3 },
    rescnn: { n_blocks: 1, kernel_sizes: [3, 5], dropout: 0.1 },
    mamba: { n_layers: 1, d_model: 16, d_state: 4, expand: 2, head_dim: 4, dropout: 0.1 },
    decoder: { stages: 2 },
  },
  training: { loss: 'focal', focal_alpha: 0.5, gradient_clip: 1 },
});

/** Trains; `place` null is one process with all windows. */
export function trainJointly(
  place: JointPlace | null,
  {
    onPort = (_port: number): void => undefined,
    device = 'cpu' as Device,
    dtype = 'float64' as 'float64' | 'float32',
    /** By how many the windows of each batch are rotated: the same training, but for rounding. */
    rotation = 0,
  } = {},
): JointResult {
  setThreads(1);
  using group = place && openProcessGroup({ ...place, device, timeoutS: 60, onPort });
  const peers = group && new TrainingPeers(group);
  const model = createModel(config.model, { channels: CHANNELS, seed: 3 }).to({ dtype }).to({ device });
  const parts = stepParts(config, {
    model: trainable(model, 3),
    device,
    precision: null,
    loss: { kind: 'focal', alpha: 0.5, gamma: 2, positiveWeight: 3 },
    peers,
  });
  const windows: number[][] = [];
  const steps = STEPS.map((batches, step) => {
    const ordered = batches.map((batch) => batch.map((_, i) => batch[(i + rotation) % batch.length]!));
    const own = ordered.map((batch) => peers?.own(batch) ?? batch);
    windows.push(own.flat());
    return scope(() => {
      const { loss, gradientNorm, positiveShare } = computeStep(
        parts,
        own.map((indices) => batchOf(indices, device, dtype)),
        step,
        full([], 0.01, { device }),
        batches.map(({ length }) => length),
      );
      return [loss, gradientNorm, positiveShare].map((value) => value.item());
    });
  });
  parts.joint?.[Symbol.dispose]();
  parts.ring[Symbol.dispose]();
  // Not the mean: a bias before a norm has a gradient of rounding alone, which AdamW lets walk, and the mean with it.
  const variance = [...model.buffers()].find(([name]) => name.endsWith('running_var'))![1];
  return { steps, statistics: variance.toArray() as number[], windows };
}

/** Windows are functions of their indices; a quarter of the samples is excluded, a quarter seizure. */
function batchOf(indices: readonly number[], device: Device, dtype: Dtype): Batch {
  const signal = indices.flatMap((index) =>
    Array.from({ length: LENGTH * CHANNELS }, (_, i) => 2 * uniform(1, index, i) - 1),
  );
  const labels = indices.flatMap((index) =>
    Array.from({ length: LENGTH }, (_, t) => [0, 0, 1, 2][Math.floor(4 * uniform(2, index, t >> 2))]!),
  );
  return {
    signal: fromTypedArray(Float64Array.from(signal), [indices.length, LENGTH, CHANNELS])
      .to({ dtype })
      .to({ device }),
    labels: fromTypedArray(Uint8Array.from(labels), [indices.length, LENGTH]).to({ device }),
    samples: tensor([...indices], { dtype: 'int64' }).to({ device }),
  };
}

// Started for a place over IPC: answers with the result.
if (process.argv[2] === 'joint-process')
  process.once('message', (place: JointPlace) => {
    const result = trainJointly(place, { onPort: (port) => process.send!({ port }) });
    process.send!({ result }, () => process.disconnect());
  });
