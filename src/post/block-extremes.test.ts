import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockExtremes } from './block-extremes.ts';
import { hysteresis } from './hysteresis.ts';

/** Stretches of hundreds to thousands of samples at one level, with single samples that stand out. */
const anyCurve = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 12_000 }), fc.integer({ min: 0, max: 10 })), {
      minLength: 1,
      maxLength: 8,
    }),
    fc.array(fc.tuple(fc.nat(40_000), fc.integer({ min: 0, max: 10 })), { maxLength: 6 }),
  )
  .map(([stretches, outliers]) => {
    const values = stretches.flatMap(([length, tenths]) => new Array<number>(length).fill(tenths / 10));
    for (const [place, tenths] of outliers) values[place % values.length] = tenths / 10;
    return Float64Array.from(values);
  });
const anyThreshold = fc.integer({ min: -1, max: 11 }).map((tenths) => tenths / 10);

test('property: passing over stretches changes no run, whatever the thresholds', () => {
  fc.assert(
    fc.property(
      anyCurve,
      anyThreshold,
      anyThreshold,
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 300 }),
      (curve, tauOn, tauOff, minOnsetSamples, minOffsetSamples) => {
        const settings = { tauOn, tauOff, minOnsetSamples, minOffsetSamples };
        expect(hysteresis(curve, settings, new BlockExtremes(curve))).toEqual(hysteresis(curve, settings));
      },
    ),
    { numRuns: 300 },
  );
});

test('NaN is found with its place', () => {
  const curve = new Float64Array(1000).fill(0.5);
  curve[777] = Number.NaN;
  expect(() => new BlockExtremes(curve)).toThrow('found NaN at sample 777 of the curve');
});

test('no sample at all', () => {
  expect(
    hysteresis(
      [],
      { tauOn: 0.5, tauOff: 0.4, minOnsetSamples: 1, minOffsetSamples: 1 },
      new BlockExtremes([]),
    ),
  ).toEqual([]);
});
