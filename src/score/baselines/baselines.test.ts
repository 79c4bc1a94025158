import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineLength, relativeBandPowers, rootMeanSquare } from './features.ts';
import { Fourier } from './fourier.ts';
import { fitLogisticRegression, logOdds, probability } from './logistic-regression.ts';
import { Welch } from './welch.ts';

interface Goldens {
  spectra: { fs: number; nperseg: number; x: number[]; f: number[]; density: number[] }[];
  powers: { fs: number; x: number[]; shares: number[] }[];
  regressions: { C: number; x: number[][]; y: number[]; intercept: number; coef: number[]; p: number[] }[];
}
const goldens: Goldens = JSON.parse(
  readFileSync(new URL('../fixtures/baselines_golden.json', import.meta.url), 'utf8'),
);

/** The largest difference, relative to the largest expected value. */
function difference(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, index) => Math.abs(found[index]! - value))) / scale;
}

describe('spectra', () => {
  test.each(goldens.spectra)(
    'as scipy.signal.welch: $fs Hz, segments of $nperseg',
    ({ fs, nperseg, x, f, density }) => {
      const welch = new Welch(fs, nperseg);
      expect(difference(welch.frequencies, f)).toBeLessThan(1e-14);
      expect(difference(welch.density(x), density)).toBeLessThan(1e-12);
    },
  );

  test('a cosine of 3 periods in 16 samples has |8|^2 at 3 and nothing elsewhere', () => {
    const signal = Array.from({ length: 16 }, (_, index) => Math.cos((2 * Math.PI * 3 * index) / 16));
    for (const [k, power] of new Fourier(16).powers(signal).entries()) {
      expect(power).toBeCloseTo(k === 3 ? 64 : 0, 10);
    }
  });

  test('property: Parseval, the power of the transform is the power of the signal', () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(2, 4, 64, 256), fc.array(value, { maxLength: 256 }), (size, values) => {
        const signal = values.slice(0, size);
        const powers = new Fourier(size).powers(signal);
        const sum = powers.reduce(
          (total, power, k) => total + power * (k === 0 || k === size / 2 ? 1 : 2),
          0,
        );
        const energy = signal.reduce((total, each) => total + each ** 2, 0);
        expect(sum / size).toBeCloseTo(energy, 6);
      }),
    );
  });

  test('sizes that cannot be are refused', () => {
    expect(() => new Fourier(12)).toThrow('Expected a power of two of at least 2, found 12.');
    expect(() => new Welch(256, 1)).toThrow(/at least 2 samples, found 1/);
    expect(() => new Welch(256, 64).density([1, 2])).toThrow(/64 samples, found 2/);
  });
});

describe('features of a window', () => {
  test.each(goldens.powers)('relative band powers from SciPy spectra, $fs Hz', ({ fs, x, shares }) => {
    expect(difference(relativeBandPowers(Float64Array.from(x), 2, fs), shares)).toBeLessThan(1e-12);
  });

  test('line length and RMS by hand', () => {
    // Time-major, two channels: 0 3 -4 and 1 1 1.
    const window = Float32Array.of(0, 1, 3, 1, -4, 1);
    expect(lineLength(window, 2)).toBe((3 + 7 + 0) / 2);
    expect(rootMeanSquare(window, 2)).toBeCloseTo((Math.sqrt(25 / 3) + 1) / 2, 12);
    expect(() => lineLength(window, 4)).toThrow('C = 4, found 6 values');
  });

  test('a channel without power has no shares: NaN, not 0', () => {
    const window = Float64Array.from({ length: 128 }, (_, index) => (index % 2 === 0 ? Math.sin(index) : 5));
    const shares = relativeBandPowers(window, 2, 64);
    expect(shares.slice(0, 5).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect([...shares.slice(5)]).toEqual(Array(5).fill(Number.NaN));
  });

  test('property: gain changes line length and RMS in proportion, relative band powers not at all', () => {
    const anyWindow = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
      minLength: 64,
      maxLength: 64,
    });
    fc.assert(
      fc.property(anyWindow, fc.constantFrom(0.25, 0.5, 4, 1024), (values, gain) => {
        const window = Float64Array.from(values);
        const louder = window.map((value) => value * gain);
        expect(lineLength(louder, 2)).toBeCloseTo(lineLength(window, 2) * gain, 6);
        expect(rootMeanSquare(louder, 2)).toBeCloseTo(rootMeanSquare(window, 2) * gain, 6);
        const shares = relativeBandPowers(window, 2, 128);
        for (const [index, share] of relativeBandPowers(louder, 2, 128).entries()) {
          if (Number.isNaN(share)) expect(shares[index]).toBeNaN();
          else expect(share).toBeCloseTo(shares[index]!, 9);
        }
      }),
    );
  });
});

describe('logistic regression', () => {
  test.each(goldens.regressions)(
    'as scikit-learn: C = $C, intercept $intercept',
    ({ C, x, y, ...golden }) => {
      const model = fitLogisticRegression(x, y, C);
      expect(model.intercept).toBeCloseTo(golden.intercept, 6);
      for (const [index, weight] of model.weights.entries())
        expect(weight).toBeCloseTo(golden.coef[index]!, 6);
      for (const [index, row] of x.entries())
        expect(probability(model, row)).toBeCloseTo(golden.p[index]!, 6);
    },
  );

  test('separable classes have a finite optimum, and the log-odds do not saturate', () => {
    const rows = Array.from({ length: 40 }, (_, index) => [index]);
    const model = fitLogisticRegression(
      rows,
      rows.map(([value]) => (value! >= 20 ? 1 : 0)),
      1e4,
    );
    expect(probability(model, [1e4])).toBe(1);
    expect(logOdds(model, [2e4])).toBeGreaterThan(logOdds(model, [1e4]));
  });

  test('an unknown feature counts as its mean', () => {
    const rows = [
      [0, 1],
      [1, Number.NaN],
      [2, 3],
      [4, 5],
    ];
    const model = fitLogisticRegression(rows, [0, 1, 0, 1]);
    expect(model.means[1]).toBe(3);
    expect(logOdds(model, [1, Number.NaN])).toBe(logOdds(model, [1, 3]));
    expect(
      fitLogisticRegression(
        [
          [0, 1],
          [1, 3],
          [2, 3],
          [4, 5],
        ],
        [0, 1, 0, 1],
      ).means[1],
    ).toBe(3);
  });

  test('one class, ragged rows: refused', () => {
    expect(() => fitLogisticRegression([[1], [2]], [1, 1])).toThrow(/2 labels 1, 0 labels 0/);
    expect(() => fitLogisticRegression([[1], [2, 3]], [0, 1])).toThrow(/examples of different lengths/);
    expect(() => fitLogisticRegression([], [])).toThrow(/0 examples/);
  });

  test('property: shifting and scaling features changes no prediction', () => {
    const anyRow = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }));
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 6, maxLength: 30 }), (rows) => {
        const labels = rows.map((_, index) => index % 2);
        const model = fitLogisticRegression(rows, labels);
        const moved = rows.map(([a, b]) => [a * 1e4 + 7, b / 1e3]);
        const movedModel = fitLogisticRegression(moved, labels);
        for (const [index, row] of rows.entries()) {
          expect(logOdds(movedModel, moved[index]!)).toBeCloseTo(logOdds(model, row), 6);
        }
      }),
    );
  });
});
