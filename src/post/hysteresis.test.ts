import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hysteresis } from './hysteresis.ts';

const settings = { tauOn: 0.8, tauOff: 0.5, minOnsetSamples: 2, minOffsetSamples: 2 };
const curveOf = (text: string) => [...text].map((digit) => Number(digit) / 10);

test('on at the first of two high samples, off where two low ones are complete', () => {
  //                         0123456789
  expect(hysteresis(curveOf('0989649099'), settings)).toEqual([{ start: 1, end: 10 }]);
  expect(hysteresis(curveOf('0889440990'), settings)).toEqual([
    { start: 1, end: 5 },
    { start: 7, end: 10 },
  ]);
  expect(hysteresis(curveOf('0909090909'), settings)).toEqual([]);
});

test('p == tau_on is high, p == tau_off is not low', () => {
  expect(hysteresis([0.8, 0.8, 0.5, 0.5, 0.5], settings)).toEqual([{ start: 0, end: 5 }]);
});

test('an onset or offset of 0 samples means 1', () => {
  const single = { ...settings, minOnsetSamples: 0, minOffsetSamples: 0 };
  expect(hysteresis(curveOf('0900'), single)).toEqual([{ start: 1, end: 2 }]);
});

test('with tau_off above tau_on, samples already high at the end start nothing new', () => {
  const crossed = { tauOn: 0.5, tauOff: 0.8, minOnsetSamples: 1, minOffsetSamples: 2 };
  //                         01234567
  expect(hysteresis(curveOf('06666066'), crossed)).toEqual([
    { start: 1, end: 3 },
    { start: 6, end: 8 },
  ]);
});

test('NaN is refused by position', () => {
  expect(() => hysteresis([0.1, 0.9, Number.NaN], settings)).toThrow(/NaN at sample 2/);
});

const anyCurve = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 300 });
const anySettings = fc.record({
  tauOn: fc.double({ min: 0, max: 1, noNaN: true }),
  tauOff: fc.double({ min: 0, max: 1, noNaN: true }),
  minOnsetSamples: fc.nat(6),
  minOffsetSamples: fc.nat(6),
});

test('property: runs rise, stay inside, begin with a full onset, and hold every onset in the curve', () => {
  fc.assert(
    fc.property(anyCurve, anySettings, (curve, anySetting) => {
      const onset = Math.max(1, anySetting.minOnsetSamples);
      let before = 0;
      const runs = hysteresis(curve, anySetting);
      for (const { start, end } of runs) {
        expect(start).toBeGreaterThanOrEqual(before);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(curve.length);
        expect(curve.slice(start, start + onset).every((p) => p >= anySetting.tauOn)).toBe(true);
        before = end;
      }
      if (anySetting.tauOff > anySetting.tauOn) return;
      for (let start = 0; start + onset <= curve.length; start++) {
        if (!curve.slice(start, start + onset).every((p) => p >= anySetting.tauOn)) continue;
        expect(runs.some((run) => run.start <= start && start < run.end)).toBe(true);
      }
    }),
  );
});

test('property: a lower tau_off or a higher curve never turns a sample off', () => {
  const isOn = (runs: { start: number; end: number }[], index: number) =>
    runs.some(({ start, end }) => start <= index && index < end);
  fc.assert(
    fc.property(anyCurve, anySettings, fc.double({ min: 0, max: 1, noNaN: true }), (curve, any, lift) => {
      const ordered = { ...any, tauOff: Math.min(any.tauOn, any.tauOff) };
      const runs = hysteresis(curve, ordered);
      const lower = hysteresis(curve, { ...ordered, tauOff: ordered.tauOff * lift });
      const lifted = hysteresis(
        curve.map((p) => p + lift * (1 - p)),
        ordered,
      );
      for (let index = 0; index < curve.length; index++) {
        if (!isOn(runs, index)) continue;
        expect(isOn(lower, index)).toBe(true);
        expect(isOn(lifted, index)).toBe(true);
      }
    }),
  );
});
