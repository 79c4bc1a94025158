import { aten, autocast, type Dtype, full, noGrad, scope, type Tensor } from '../torch/index.ts';
import type { FlatParameters } from './flat-parameters.ts';
import { type Loss, lossOf, positiveShare } from './loss.ts';
import type { MetricRing } from './metric-ring.ts';
import type { Optimizer } from './optimizer.ts';

/** Windows on the device. */
export interface Batch {
  /** (B, T, C) float32, scaled */
  readonly signal: Tensor;
  /** (B, T) uint8, see LABEL */
  readonly labels: Tensor;
  /** (B) int64, each window's index in the data set; dropout masks depend on it */
  readonly samples: Tensor;
}

export interface StepParts {
  /** (B, T, C) -> logits (B, T). `step` counts forward passes in training, for dropout. */
  readonly forward: (batch: Batch, step: number) => Tensor;
  readonly parameters: FlatParameters;
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  /** Largest gradient norm; null leaves gradients as they are. */
  readonly gradientClip: number | null;
  /** bfloat16 for autocast, null for float32 throughout. */
  readonly precision: Dtype | null;
  readonly ring: MetricRing;
}

/**
 * One optimiser step over `batches` (more than one: gradient accumulation). Reads nothing back from the
 * device: the metrics stay in the ring, and a step whose loss or gradient is not finite is skipped there.
 *
 * @param step optimiser steps done before
 * @param learningRate of this step
 */
export function trainingStep(
  parts: StepParts,
  batches: readonly Batch[],
  step: number,
  learningRate: number,
): void {
  const { parameters, optimizer, ring } = parts;
  scope(() => {
    for (const { gradients } of groups(parameters)) gradients.zero_();
    const losses = batches.map((batch, index) => {
      const logits = withPrecision(parts, batch, () => parts.forward(batch, step * batches.length + index));
      const loss = lossOf(parts.loss, logits, batch.labels).div(batches.length);
      loss.backward();
      return loss.detach();
    });
    noGrad(() => {
      const loss = sum(losses);
      const gradientNorm = sum(
        groups(parameters).map(({ gradients }) => gradients.mul(gradients).sum()),
      ).sqrt();
      const sound = aten.logical_and({ self: loss.isFinite(), other: gradientNorm.isFinite() });
      if (parts.gradientClip !== null) clip(parameters, gradientNorm, parts.gradientClip);
      const rate = full([], learningRate, { device: loss.device });
      optimizer.step(rate, sound);
      const share = sum(batches.map(({ labels }) => positiveShare(labels))).div(batches.length);
      ring.record(step, { loss, gradientNorm, positiveShare: share, sound });
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
