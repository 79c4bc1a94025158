import type { Config } from '../config/index.ts';
import {
  computeCapability,
  type Device,
  type Dtype,
  hasGraphs,
  kernelsMissing,
  setDeterministic,
  setTf32,
  setThreads,
} from '../torch/index.ts';

export interface Numerics {
  readonly threads: number;
  /** The same bits on a GPU twice. */
  readonly isDeterministic: boolean;
  /** TF32 in float32 matrix products and convolutions of a GPU. */
  readonly hasTf32: boolean;
}

/**
 * One way to compute for training, evaluation and prediction, so that a model's figures do not depend on which it was.
 * To be called before anything runs on a GPU.
 */
export function setNumerics({ threads, isDeterministic, hasTf32 }: Numerics): void {
  setThreads(threads);
  // cuBLAS reads this once, when its first handle is made; without it, its workspace may differ from call to call
  // (NVIDIA's cuBLAS documentation, "Results Reproducibility").
  if (isDeterministic) process.env.CUBLAS_WORKSPACE_CONFIG ??= ':4096:8';
  setDeterministic(isDeterministic);
  // cuDNN would use TF32 in float32 convolutions by itself: 6.7e-4 off float64 where float32 is 5e-7 (H200).
  setTf32(hasTf32);
}

/** GPUs from 8.0 on multiply bfloat16 matrices; older ones only imitate it. */
const FIRST_WITH_BFLOAT16 = 80;

/**
 * bfloat16 where a GPU may mix it in, null for float32 throughout.
 *
 * @param capability of the GPU, as 90 for 9.0; null where it is not known
 */
export function precisionOf(
  device: Device,
  { mixed_precision }: Pick<Config['training'], 'mixed_precision'>,
  capability: number | null = device === 'cpu' ? null : computeCapability(),
): Dtype | null {
  const canMix = capability === null || capability >= FIRST_WITH_BFLOAT16;
  return device !== 'cpu' && mixed_precision && canMix ? 'bfloat16' : null;
}

/** How a GPU computes, for the log: what is not as it could be, and why. Nothing on the CPU. */
export function describeComputing(
  device: Device,
  precision: Dtype | null,
  { mixed_precision }: Pick<Config['training'], 'mixed_precision'>,
): string[] {
  if (device === 'cpu') return [];
  const missing = kernelsMissing();
  return [
    ...(mixed_precision && precision === null
      ? ['float32 throughout: this GPU has a compute capability below 8.0, where bfloat16 gains nothing']
      : []),
    ...(missing === null ? [] : [`layers run on libtorch's operators alone, which takes longer: ${missing}`]),
    ...(hasGraphs()
      ? []
      : [
          "steps start operator by operator: the bridge was built without CUDA's headers (nvidia-cuda-runtime and nvidia-cuda-crt of pip, or a CUDA toolkit)",
        ]),
  ];
}
