import { readManifest, splitFolder, type WindowShape } from '../cache/index.ts';
import { type Corpus, loadCorpus, openWindows } from '../data/index.ts';
import { logUniform, uniform } from '../random/index.ts';

/** A split's windows with their labels and places in their segments. */
export interface TestWindows {
  readonly corpus: Corpus;
  /** 1 seizure, 0 background; every window is all one or the other */
  readonly labels: Uint8Array;
  /** First row of each window within its segment. */
  readonly rowInSegment: Float64Array;
}

export async function openTestWindows(
  cacheDir: string,
  split: 'train' | 'eval',
  shape: WindowShape,
): Promise<TestWindows> {
  const folder = splitFolder(cacheDir, split);
  const set = openWindows(folder, await readManifest(folder, shape));
  return {
    corpus: loadCorpus(set),
    labels: Uint8Array.from(set.windows, ({ category }) => (category === 'full_seizure' ? 1 : 0)),
    rowInSegment: Float64Array.from(set.windows, ({ start }) => start),
  };
}

/** The samples of a window in microvolts, times a gain: (T, C), row-major. */
export function windowSignal({ corpus }: TestWindows, index: number, gain: number): Float32Array {
  const { signal, channels, starts, scales, windowLength } = corpus;
  const first = starts[index]! * channels;
  const factor = scales[index]! * gain;
  return Float32Array.from(
    signal.subarray(first, first + windowLength * channels),
    (value) => value * factor,
  );
}

/** One gain a window, log-uniform; `draw` counts repetitions. */
export function randomGains(
  count: number,
  bounds: readonly [number, number],
  seed: number,
  draw: number,
): Float32Array {
  return Float32Array.from({ length: count }, (_, index) =>
    logUniform(bounds, uniform(seed, TEST_GAIN, draw, index)),
  );
}

const TEST_GAIN = 6;
