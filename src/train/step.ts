import type { Peers } from '../nn/index.ts';
import { aten, autocast, type Dtype, full, noGrad, scope, type Tensor } from '../torch/index.ts';
import type { FlatParameters } from './flat-parameters.ts';
import type { JointStep } from './joint-step.ts';
import { type Loss, lossOf, positiveShare } from './loss.ts';
import type { MetricRing } from './metric-ring.ts';
import type { Optimizer } from './optimizer.ts';

/** Windows on the device. */
export interface Batch {
  /** (B, T, C) float32, scaled */
  readonly signal: Tensor;
  /** (B, T) uint8: 0 background, 1 seizure, 2 excluded */
  readonly labels: Tensor;
  /** (B) int64, each window's index in the data set; dropout masks depend on it */
  readonly samples: Tensor;
}

export interface StepParts {
  /** (B, T, C) -> logits (B, T). `step` counts forward passes in training, for dropout. */
  readonly forward: (batch: Batch, step: number | Tensor, peers?: Peers | null) => Tensor;
  readonly parameters: FlatParameters;
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  /** Largest gradient norm; null leaves gradients as they are. */
  readonly gradientClip: number | null;
  /** bfloat16 for autocast, null for float32 throughout. */
  readonly precision: Dtype | null;
  readonly ring: MetricRing;
  /** Where other processes have the rest of each batch. */
  readonly joint?: JointStep | null;
}

/** What a step leaves on the device; each (). */
export interface StepResult {
  readonly loss: Tensor;
  readonly gradientNorm: Tensor;
  readonly positiveShare: Tensor;
  readonly sound: Tensor;
}

/**
 * One optimiser step over `batches` (more than one: gradient accumulation). Reads nothing back from the
 * device: the metrics stay in the ring, and a step whose loss or gradient is not finite is skipped there.
 *
 * @param step optimiser steps done before
 * @param learningRate of this step
 * @param windows of each whole batch, where other processes have the rest
 */
export function trainingStep(
  parts: StepParts,
  batches: readonly Batch[],
  step: number,
  learningRate: number,
  windows: readonly number[] = [],
): void {
  scope(() => {
    const rate = full([], learningRate, { device: parts.parameters.decayed.values.device });
    parts.ring.record(step, computeStep(parts, batches, step, rate, windows));
  });
}

/**
 * The work of {@link trainingStep} without the ring: all of it on the device, a function of the tensors it is given.
 *
 * @param step () int64, or a number
 * @param learningRate () float32
 * @param windows as for {@link trainingStep}
 */
export function computeStep(
  parts: StepParts,
  batches: readonly Batch[],
  step: number | Tensor,
  learningRate: Tensor,
  windows: readonly number[] = [],
): StepResult {
  const { parameters, optimizer, joint = null } = parts;
  const passOf = (index: number) =>
    typeof step === 'number' ? step * batches.length + index : step.mul(batches.length).add(index);
  return scope(() => {
    for (const { gradients } of groups(parameters)) gradients.zero_();
    const shares = batches.map(({ labels }, index) => joint?.share(labels, windows[index]!) ?? null);
    const losses = batches.map((batch, index) => {
      const share = shares[index]!;
      const logits = withPrecision(parts, batch, () => parts.forward(batch, passOf(index), share?.peers));
      const mean = lossOf(parts.loss, logits, batch.labels, share?.total).div(batches.length);
      const loss = share?.weight === 0 ? mean.mul(0) : mean;
      if (index === batches.length - 1) joint?.beforeLastBackward();
      loss.backward();
      return loss.detach();
    });
    joint?.afterLastBackward();
    return noGrad(() => {
      const positives = batches.map(({ labels }, index) =>
        positiveShare(labels, shares[index]?.total).mul(shares[index]?.weight ?? 1),
      );
      const own = [sum(losses), sum(positives).div(batches.length)] as const;
      const [loss, share] = joint === null ? own : joint.sums(own);
      const gradientNorm = sum(
        groups(parameters).map(({ gradients }) => gradients.mul(gradients).sum()),
      ).sqrt();
      const sound = aten.logical_and({ self: loss.isFinite(), other: gradientNorm.isFinite() });
      if (parts.gradientClip !== null) clip(parameters, gradientNorm, parts.gradientClip);
      optimizer.step(learningRate, sound);
      return { loss, gradientNorm, positiveShare: share, sound };
    });
  });
}

// As torch.nn.utils.clip_grad_norm_: gradients times min(1, limit / (norm + 1e-6)).
function clip(parameters: FlatParameters, norm: Tensor, limit: number): void {
  const factor = aten.clamp_max({ self: aten.reciprocal({ self: norm.add(1e-6) }).mul(limit), max: 1 });
  for (const { gradients } of groups(parameters)) gradients.mul_(factor);
}

function withPrecision({ precision }: StepParts, batch: Batch, body: () => Tensor): Tensor {
  return precision === null ? body() : autocast({ device: batch.signal.device, dtype: precision }, body);
}

function groups(parameters: FlatParameters) {
  return [parameters.decayed, parameters.plain];
}

function sum(tensors: readonly Tensor[]): Tensor {
  return tensors.reduce((total, tensor) => total.add(tensor));
}
