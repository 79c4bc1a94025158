// Windows for process-group.test.ts, the same in every process.
import { fromTypedArray, type Tensor } from '../index.ts';

/** (B, C, 1, T) float64; a window's values hang on its index. */
export function windowsOf(indices: readonly number[], channels: number, length: number): Tensor {
  const values = indices.flatMap((window) =>
    Array.from(
      { length: channels * length },
      (_, i) => Math.sin(1 + window * 3.7 + i * 0.61) * (1 + window) + window,
    ),
  );
  return fromTypedArray(Float64Array.from(values), [indices.length, channels, 1, length]);
}

export const SHAPE = { channels: 3, length: 5, windows: 4 } as const;
/** Which windows each of two processes has. */
export const SHARES = {
  even: [
    [0, 1],
    [2, 3],
  ],
  uneven: [[0, 1, 2], [3]],
  idle: [[0, 1, 2, 3], []],
} as const;
