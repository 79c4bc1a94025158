import type { Config } from '../config/index.ts';
import { type Device, type Dtype, setDeterministic, setTf32, setThreads } from '../torch/index.ts';

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

/** bfloat16 where a GPU may mix it in, null for float32 throughout. */
export function precisionOf(
  device: Device,
  { mixed_precision }: Pick<Config['training'], 'mixed_precision'>,
): Dtype | null {
  return device !== 'cpu' && mixed_precision ? 'bfloat16' : null;
}
