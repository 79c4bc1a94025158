import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultPadding, filterBothWays } from './filter.ts';
import { butterworthBandpass, notch } from './filter-design.ts';
import { normalise } from './normalise.ts';
import { rateRatio, resample } from './resample.ts';

/** SciPy's results; each signal (1, T). */
interface GoldenCase {
  fs: number;
  up: number;
  down: number;
  x: [number[]];
  resample_poly: [number[]];
  bandpass_sosfiltfilt: [number[]];
  notch60_filtfilt: [number[]];
  zscore_ddof0: [number[]];
  pipeline_poly_sosfiltfilt_notchfiltfilt_zscore: [number[]];
}
interface Golden {
  notch60: { b: number[]; a: number[] };
  bandpass: { b: number[]; a: number[] };
  cases: GoldenCase[];
}
const golden = JSON.parse(
  readFileSync(new URL('./fixtures/dsp-golden.json', import.meta.url), 'utf8'),
) as Golden;

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(found[i]! - expected[i]!)).toBeLessThan(tolerance);
}

const BAND = butterworthBandpass([0.5, 120], 256);
const NOTCH = [notch(60, 30, 256)];

test('coefficients are those of SciPy', () => {
  const [b0, b1, b2, a1, a2] = NOTCH[0]!;
  expectClose([b0, b1, b2, 1, a1, a2], [...golden.notch60.b, ...golden.notch60.a], 1e-11);
  // The sections multiplied out.
  const product = (index: 0 | 1) =>
    BAND.map((section) => (index === 0 ? section.slice(0, 3) : [1, ...section.slice(3)])).reduce(
      (left, right) => {
        const out = new Array<number>(left.length + 2).fill(0);
        left.forEach((l, i) => {
          right.forEach((r, j) => {
            out[i + j]! += l * r;
          });
        });
        return out;
      },
      [1],
    );
  expectClose(product(0), golden.bandpass.b, 1e-10);
  expectClose(product(1), golden.bandpass.a, 1e-10);
});

test.each(golden.cases)(
  'resampling, band-pass, notch and z-score from $fs Hz are those of SciPy',
  (golden) => {
    const { up, down, fs } = golden;
    expect(rateRatio(fs, 256)).toEqual({ up, down });
    const resampled = resample(Float64Array.from(golden.x[0]), { up, down });
    expectClose(resampled, golden.resample_poly[0], 1e-8);
    const input = Float64Array.from(golden.resample_poly[0]);
    const banded = filterBothWays(BAND, input, defaultPadding(3));
    expectClose(banded, golden.bandpass_sosfiltfilt[0], 1e-6);
    expectClose(filterBothWays(NOTCH, input, defaultPadding(1)), golden.notch60_filtfilt[0], 1e-8);
    const scored = input.slice();
    normalise([[scored]], 1e6);
    expectClose(scored, golden.zscore_ddof0[0], 1e-9);
    const whole = filterBothWays(NOTCH, banded, defaultPadding(1));
    normalise([[whole]], 1e6);
    expectClose(whole, golden.pipeline_poly_sosfiltfilt_notchfiltfilt_zscore[0], 1e-7);
  },
);

test('a flat channel becomes zeros and is named; beyond the clip is clipped and counted', () => {
  const flat = new Float64Array(100).fill(3);
  const spiky = Float64Array.from({ length: 100 }, (_, i) => (i === 50 ? 1000 : i % 2));
  const { flat: found, clippedShare } = normalise([[flat, spiky]], 5);
  expect(found).toEqual([0]);
  expect(flat.every((value) => value === 0)).toBe(true);
  expect(spiky[50]).toBe(5);
  expect(clippedShare).toBe(1 / 200);
});

test('property: filtering is linear, time-reversible and finite, also for signals shorter than the padding', () => {
  const samples = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(samples, (values) => {
      const signal = Float64Array.from(values);
      const filtered = filterBothWays(BAND, signal, defaultPadding(3));
      expect(filtered.length).toBe(signal.length);
      expect(filtered.every(Number.isFinite)).toBe(true);
      const doubled = filterBothWays(
        BAND,
        signal.map((value) => 2 * value),
        defaultPadding(3),
      );
      expectClose(
        doubled,
        filtered.map((value) => 2 * value),
        1e-5,
      );
    }),
  );
});

test('rates without a ratio are refused', () => {
  expect(rateRatio(512, 256)).toEqual({ up: 1, down: 2 });
  expect(rateRatio(199.5, 256)).toEqual({ up: 512, down: 399 });
  expect(() => rateRatio(Math.PI * 100, 256)).toThrow(/choose another data.sampling_rate/);
});
