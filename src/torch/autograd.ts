import type { Device, Dtype } from './dtype.ts';
import { TorchError } from './errors.ts';
import { native } from './native.ts';
import { track } from './scope.ts';
import type { Tensor } from './tensor.ts';

/** Whether operators record what `backward()` needs; true in every thread unless {@link noGrad} is in force. */
export function isGradEnabled(): boolean {
  return native.isGradEnabled();
}

/** Runs `body` without recording for `backward()`. Per thread. */
export function noGrad<T>(body: () => T): T {
  return withGradMode(false, body);
}

/** Runs `body` recording for `backward()`, within {@link noGrad} too. Per thread. */
export function enableGrad<T>(body: () => T): T {
  return withGradMode(true, body);
}

function withGradMode<T>(isEnabled: boolean, body: () => T): T {
  const before = native.isGradEnabled();
  native.setGradEnabled(isEnabled);
  try {
    return body();
  } finally {
    native.setGradEnabled(before);
  }
}

interface GradientOptions {
  /** Derivatives of the final loss by each output; ones where left out. */
  gradients?: readonly Tensor[] | null;
  retainGraph?: boolean;
  createGraph?: boolean;
}

/**
 * The derivatives of the sum of `outputs` by each of `inputs`, without touching `.grad`; null for an input
 * that the outputs do not depend on.
 */
export function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  { gradients: given = null, retainGraph = false, createGraph = false }: GradientOptions = {},
): (Tensor | null)[] {
  try {
    const found = native.gradients(
      outputs,
      inputs,
      given,
      retainGraph || createGraph,
      createGraph,
    ) as (Tensor | null)[];
    for (const gradient of found) if (gradient !== null) track(gradient);
    return found;
  } catch (cause) {
    throw new TorchError('gradients', outputs.map(String), cause);
  }
}

/** The dtype that autocast gives to matrix products and convolutions on a kind of device, or null when off. */
export function autocastDtype(device: Device): Dtype | null {
  return native.autocast(device) as Dtype | null;
}

/**
 * Runs `body` with autocast: matrix products and convolutions on that kind of device in `dtype`, reductions
 * and losses in float32, as in PyTorch. Per thread; nests.
 */
export function autocast<T>({ device, dtype }: { device: Device; dtype: Dtype | null }, body: () => T): T {
  const before = native.autocast(device);
  native.setAutocast(device, dtype);
  try {
    return body();
  } finally {
    native.setAutocast(device, before);
  }
}
