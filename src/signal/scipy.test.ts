import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { butter } from './butter.ts';
import { iirnotch } from './iirnotch.ts';
import { lfilter } from './lfilter.ts';
import { PolyphaseResampler, polyphaseFilter, resamplePoly } from './polyphase.ts';
import { resample } from './resample.ts';
import { sosfilt, sosfiltZi } from './sosfilt.ts';
import { sosfiltfilt } from './sosfiltfilt.ts';
import { type Expected, expectClose, SCIPY, wave } from './testing/scipy-golden.ts';
import type { Section } from './zeros-poles.ts';
import { zscore } from './zscore.ts';

const sectionsOf = (flat: readonly number[]) =>
  Array.from({ length: flat.length / 6 }, (_, k) => flat.slice(6 * k, 6 * k + 6) as unknown as Section);

/** The same values, or a refusal where SciPy refuses. */
function expectLike(compute: () => ArrayLike<number>, expected: Expected, relative = 1e-9) {
  if (typeof expected === 'string') expect(compute).toThrow(InputError);
  else expectClose(compute(), expected, relative);
}

describe('as SciPy', () => {
  test.each(SCIPY.butter)('butter($order, $edges, $band)', ({ order, band, edges, b, a, sos }) => {
    const polynomials = butter(order, edges, band);
    expectClose(polynomials.b, b);
    expectClose(polynomials.a, a);
    expectClose(butter(order, edges, band, { output: 'sos' }).flat(), sos);
  });

  test.each(SCIPY.iirnotch)('iirnotch($frequency, $quality, $fs)', ({ frequency, quality, fs, b, a }) => {
    const notch = iirnotch(frequency, quality, fs);
    expectClose(notch.b, b);
    expectClose(notch.a, a);
  });

  test.each(SCIPY.sections)('sosfilt and sosfiltfilt, $name, $n samples', (golden) => {
    const sections = sectionsOf(golden.sos);
    // With the same coefficients every operation is the same, so that no filter is too near to instability.
    expectLike(() => sosfilt(sections, wave(golden.n)), golden.sosfilt, 0);
    expectLike(() => sosfiltfilt(sections, wave(golden.n)), golden.sosfiltfilt, 0);
  });

  test('the state of a constant, to the last bit: a narrow band multiplies what it is off by', () => {
    // First section of scipy.signal.butter(5, ..., 'bandpass') near Nyquist, and scipy.signal.sosfilt_zi of it.
    const section: Section = [
      8.900689645909891e-7, -0.0000017801379291819782, 8.900689645909891e-7, 1, 1.8270235754645545,
      0.8792409030091333,
    ];
    expect([...sosfiltZi([section])]).toEqual([-8.90068964590989e-7, 8.90068964590989e-7]);
  });

  test.each(SCIPY.lfilter)('lfilter($b, $a), $n samples', ({ b, a, n, y, zi, y_zf }) => {
    expectLike(() => lfilter(b, a, wave(n)), y);
    if (y_zf === null) return;
    expectLike(() => {
      const { y, zf } = lfilter(b, a, wave(n), zi);
      return [...y, ...zf];
    }, y_zf);
  });

  test.each(SCIPY.resample_poly)('resamplePoly, $n samples by $up / $down', ({ n, up, down, y }) => {
    expectClose(resamplePoly(wave(n), up, down), y);
  });

  test.each(SCIPY.resample)('resample, $n samples to $num', ({ n, num, y }) => {
    expectLike(() => resample(wave(n), num), y);
  });

  test.each(SCIPY.zscore)('zscore, $n samples, ddof $ddof', ({ n, ddof, y }) => {
    expectClose(zscore(wave(n), { ddof }), y);
  });
});

describe('what SciPy refuses is refused', () => {
  const SECTION: Section = [1, 0, 0, 1, 0, 0];
  test.each([
    ['an edge at Nyquist', () => butter(2, 1), /expected one frequency between 0 and 1 .* found 1/],
    ['an edge at 0', () => butter(2, 0, 'highpass'), /found 0/],
    ['an edge above Nyquist in Hz', () => butter(2, 130, 'lowpass', { fs: 256 }), /between 0 and 128 Hz/],
    ['two edges of a low-pass', () => butter(2, [0.1, 0.2]), /one frequency/],
    ['one edge of a band-pass', () => butter(2, 0.1, 'bandpass'), /two rising frequencies/],
    ['falling edges', () => butter(2, [0.3, 0.2], 'bandpass'), /found 0.3, 0.2/],
    ['half an order', () => butter(1.5, 0.1), /whole number as order, found 1.5/],
    ['a notch of no quality', () => iirnotch(0.2, 0), /a quality above 0, found 0.2 and 0/],
    ['a notch above Nyquist', () => iirnotch(130, 30, 256), /between 0 and 128 Hz/],
    ['a[0] of 0', () => lfilter([1], [0, 1], [1, 2]), /a\[0\] other than 0, .* a\[0\] = 0/],
    ['no a', () => lfilter([1], [], [1, 2]), /0 of a/],
    ['no b', () => lfilter([], [1], [1, 2]), /0 of b/],
    ['a state too long', () => lfilter([1, 2], [1, 0.5], [1], [1, 2]), /zi of length 1, found 2/],
    ['a0 of 2', () => sosfilt([[1, 0, 0, 2, 0, 0]], [1]), /the fourth \(a0\) 1/],
    ['no sections', () => sosfilt([], [1]), /one or more sections/],
    ['a state of one section for two', () => sosfilt([SECTION, SECTION], [1], [0, 0]), /zi of 4 values/],
    ['up of 0', () => resamplePoly([1, 2], 0, 1), /found 0 and 1/],
    ['up of 1.5', () => resamplePoly([1, 2], 1.5, 1), /found 1.5 and 1/],
    ['2.5 samples', () => resample([1, 2], 2.5), /found 2.5/],
    ['0 samples', () => resample([1, 2], 0), /found 0/],
    ['-1 samples', () => resample([1, 2], -1), /found -1/],
  ])('%s', (_, attempt, message) => {
    expect(attempt).toThrow(InputError);
    expect(attempt).toThrow(message);
  });
});

test('a signal that does not vary has z-scores of 0; one that is not finite has none', () => {
  expect([...zscore([0.1, 0.1, 0.1])]).toEqual([0, 0, 0]);
  expect([...zscore([5])]).toEqual([0]);
  expect([...zscore([Number.POSITIVE_INFINITY])]).toEqual([Number.NaN]);
  expect([...zscore([1, Number.NaN, 2])]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

describe('properties', () => {
  const samples = (minLength: number) =>
    fc
      .array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength, maxLength: 80 })
      .map((values) => Float64Array.from(values));
  const BAND = butter(3, [0.5, 120], 'bandpass', { output: 'sos', fs: 256 });
  const NOTCH = iirnotch(60, 30, 256);
  const LINEAR: [string, (x: Float64Array) => Float64Array][] = [
    ['sosfilt', (x) => sosfilt(BAND, x)],
    ['sosfiltfilt', (x) => sosfiltfilt(BAND, x)],
    ['lfilter', (x) => lfilter(NOTCH.b, NOTCH.a, x)],
    ['resamplePoly', (x) => resamplePoly(x, 32, 25)],
    ['resample', (x) => resample(x, 47)],
  ];
  const largest = (...arrays: Float64Array[]) =>
    arrays.reduce((most, array) => array.reduce((a, b) => Math.max(a, Math.abs(b)), most), 1);

  test.each(LINEAR)('%s is linear', (_, apply) => {
    fc.assert(
      fc.property(samples(22), fc.double({ min: -3, max: 3, noNaN: true }), (x, factor) => {
        const other = wave(x.length);
        const sum = apply(x.map((value, i) => value + factor * other[i]!));
        const parts = apply(x);
        const rest = apply(other);
        const bound = 1e-9 * largest(x, other, parts, rest);
        for (let i = 0; i < sum.length; i++)
          expect(Math.abs(sum[i]! - parts[i]! - factor * rest[i]!)).toBeLessThan(bound);
      }),
    );
  });

  const cuts = fc.array(fc.nat(80), { maxLength: 6 });
  const pieces = (x: Float64Array, places: readonly number[]) => {
    const at = [0, ...places.map((place) => Math.min(place, x.length)), x.length].sort((a, b) => a - b);
    return at.slice(1).map((end, index) => x.slice(at[index]!, end));
  };

  test('filtering pieces with the state carried gives the same samples as the whole', () => {
    fc.assert(
      fc.property(samples(1), cuts, (x, places) => {
        let direct = new Float64Array(2);
        let sections = new Float64Array(6);
        const found = pieces(x, places)
          .filter(({ length }) => length > 0)
          .map((piece) => {
            const one = lfilter(NOTCH.b, NOTCH.a, piece, direct);
            const other = sosfilt(BAND, piece, sections);
            [direct, sections] = [one.zf as typeof direct, other.zf as typeof sections];
            return [[...one.y], [...other.y]];
          });
        expect(found.flatMap(([one]) => one!)).toEqual([...lfilter(NOTCH.b, NOTCH.a, x)]);
        expect(found.flatMap(([, other]) => other!)).toEqual([...sosfilt(BAND, x)]);
      }),
    );
  });

  test('resampling pieces gives the same samples as the whole', () => {
    const factor = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(samples(0), cuts, factor, factor, (x, places, up, down) => {
        const resampler = new PolyphaseResampler(polyphaseFilter(up, down));
        const found = [...pieces(x, places).map((piece) => resampler.push(piece)), resampler.end()];
        expect(found.flatMap((piece) => [...piece])).toEqual([...resamplePoly(x, up, down)]);
      }),
    );
  });

  test('a resampler holds no more than its filter is long', () => {
    const resampler = new PolyphaseResampler(polyphaseFilter(128, 125));
    let made = 0;
    for (let i = 0; i < 1000; i++) made += resampler.push(new Float64Array(100)).length;
    expect(100_000 * 1.024 - made).toBeLessThan(12);
  });

  test('resampling to more samples and back is the identity', () => {
    fc.assert(
      fc.property(samples(1), fc.nat(50), (x, more) => {
        const back = resample(resample(x, x.length + more), x.length);
        const bound = 1e-10 * largest(x);
        for (let i = 0; i < x.length; i++) expect(Math.abs(back[i]! - x[i]!)).toBeLessThan(bound);
      }),
    );
  });
});
