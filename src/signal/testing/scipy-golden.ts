import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Values, or SciPy's message where it refuses. */
export type Expected = number[] | string;

export interface ScipyGolden {
  readonly pipelines: readonly {
    fs: number;
    n: number;
    filter: 'causal' | 'zero_phase';
    resample: 'polyphase' | 'fft';
    length: 'round' | 'int';
    normalize: 'recording' | 'robust';
    y: number[];
  }[];
  readonly butter: readonly {
    order: number;
    band: 'lowpass' | 'highpass' | 'bandpass' | 'bandstop';
    edges: number[];
    b: number[];
    a: number[];
    sos: number[];
  }[];
  readonly sections: readonly {
    name: string;
    sos: number[];
    n: number;
    sosfilt: Expected;
    sosfiltfilt: Expected;
  }[];
  readonly lfilter: readonly {
    b: number[];
    a: number[];
    n: number;
    y: Expected;
    zi: number[];
    y_zf: Expected | null;
  }[];
  readonly resample_poly: readonly { n: number; up: number; down: number; y: number[] }[];
  readonly resample: readonly { n: number; num: number; y: Expected }[];
  readonly zscore: readonly { n: number; ddof: number; y: number[] }[];
  readonly iirnotch: readonly { frequency: number; quality: number; fs: number; b: number[]; a: number[] }[];
}

/** Made by fixtures/make-scipy-golden.py. */
export const SCIPY = JSON.parse(
  readFileSync(new URL('../fixtures/scipy-golden.json', import.meta.url), 'utf8'),
) as ScipyGolden;

/** The signals of the golden file. */
export function wave(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => ((i * i * 7919 + 13 * i) % 2003) / 8 - 125);
}

/** Equal to 1e-9 of the largest expected value. */
export function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, relative = 1e-9): void {
  expect(found.length).toBe(expected.length);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    if (!(difference <= worst)) worst = difference;
  }
  expect(worst).toBeLessThanOrEqual(relative * largest);
}
