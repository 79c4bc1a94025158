import type { Config } from '../config/index.ts';
import { type Device, type Dtype, setDeterministic, setTf32, setThreads } from '../torch/index.ts';

/** One way to compute for training, evaluation and prediction, so that a model's figures do not depend on which it was. */
export function setNumerics(threads: number): void {
  setThreads(threads);
  setDeterministic(true);
  // cuDNN would use TF32 in float32 convolutions by itself: 6.7e-4 off float64 where float32 is 5e-7 (H200).
  setTf32(false);
}

/** bfloat16 where a GPU may mix it in, null for float32 throughout. */
export function precisionOf(
  device: Device,
  { mixed_precision }: Pick<Config['training'], 'mixed_precision'>,
): Dtype | null {
  return device !== 'cpu' && mixed_precision ? 'bfloat16' : null;
}
