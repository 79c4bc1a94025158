import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { segmentsOf } from './curve.ts';
import { hysteresis } from './hysteresis.ts';
import { close, open } from './morphology.ts';
import { type PostprocessingSettings, postprocess, postprocessCurve } from './postprocess.ts';
import { keepDurations } from './runs.ts';

type Pairs = [number, number][];
interface Case {
  id: string;
  note: string;
  fs: number;
  tau_on: number;
  tau_off: number;
  min_onset: number;
  min_offset: number;
  opening: number;
  closing: number;
  min_duration_samples: number;
  merge_gap_s: number;
  probs: number[];
  hysteresis: Pairs;
  morphology: Pairs;
  duration: Pairs;
  events: Pairs;
}
const cases: Case[] = JSON.parse(readFileSync(new URL('fixtures/post_golden.json', import.meta.url), 'utf8'));
const pairs = (runs: { start: number; end: number }[]) => runs.map(({ start, end }) => [start, end]);

describe.each(cases)('$id: $note', (golden) => {
  test('each stage', () => {
    const on = hysteresis(golden.probs, {
      tauOn: golden.tau_on,
      tauOff: golden.tau_off,
      minOnsetSamples: golden.min_onset,
      minOffsetSamples: golden.min_offset,
    });
    expect(pairs(on)).toEqual(golden.hysteresis);
    const closed = close(open(on, golden.opening), golden.closing, golden.probs.length);
    expect(pairs(closed)).toEqual(golden.morphology);
    expect(pairs(keepDurations(closed, golden.min_duration_samples))).toEqual(golden.duration);
  });

  test('events', () => {
    const events = postprocess(golden.probs, golden.fs, {
      hysteresis: {
        tau_on: golden.tau_on,
        tau_off: golden.tau_off,
        min_onset_samples: golden.min_onset,
        min_offset_samples: golden.min_offset,
      },
      morphology: { opening_kernel: golden.opening, closing_kernel: golden.closing },
      duration: { min_duration_s: golden.min_duration_samples / golden.fs, max_duration_s: 600 },
      events: { tau_merge: golden.merge_gap_s, confidence_method: 'mean', confidence_percentile: 0.75 },
    });
    expect(events.map(({ startS, endS }) => [startS, endS])).toEqual(golden.events);
  });
});

/** Only hysteresis with single samples: everything else does nothing. */
const plain: PostprocessingSettings = {
  hysteresis: { tau_on: 0.5, tau_off: 0.5, min_onset_samples: 1, min_offset_samples: 1 },
  morphology: { opening_kernel: 1, closing_kernel: 1 },
  duration: { min_duration_s: 0, max_duration_s: 600 },
  events: { tau_merge: 0, confidence_method: 'mean', confidence_percentile: 0.75 },
};

test('confidence of 0.6 0.9 0.7 0.8: mean 0.75, peak 0.9, 75th percentile 0.825', () => {
  const curve = [0, 0.6, 0.9, 0.7, 0.8, 0];
  const of = (method: 'mean' | 'peak' | 'percentile') =>
    postprocess(curve, 1, { ...plain, events: { ...plain.events, confidence_method: method } })[0]
      ?.confidence;
  expect(of('mean')).toBeCloseTo(0.75, 12);
  expect(of('peak')).toBe(0.9);
  // Sorted 0.6 0.7 0.8 0.9; position 0.75 * 3 = 2.25, so 0.8 + 0.25 * 0.1.
  expect(of('percentile')).toBeCloseTo(0.825, 12);
});

test('merged events take their confidence from the gap too', () => {
  const settings = { ...plain, events: { ...plain.events, tau_merge: 2 } };
  expect(postprocess([1, 0, 0, 1], 1, settings)).toMatchObject([{ startS: 0, endS: 4, confidence: 0.5 }]);
});

test('events longer than the maximum are kept and flagged, also where merging makes them so', () => {
  const settings: PostprocessingSettings = {
    ...plain,
    duration: { min_duration_s: 2, max_duration_s: 3 },
    events: { ...plain.events, tau_merge: 1 },
  };
  //             3 s        too long: 4 s       1 s   2 s, and 2 s a gap of 1 s later
  const curve = [1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1];
  expect(postprocess(curve, 1, settings).map(({ startS, endS, isLong }) => [startS, endS, isLong])).toEqual([
    [0, 3, false],
    [5, 9, true],
    [14, 19, true],
  ]);
});

test('0.07 s at 100 Hz is 7 samples, though the product is a little more', () => {
  expect(0.07 * 100).toBeGreaterThan(7);
  const settings = { ...plain, duration: { min_duration_s: 0.07, max_duration_s: 0.07 } };
  const curve = Array.from({ length: 60 }, (_, index) => (index < 7 ? 1 : 0));
  expect(postprocess(curve, 100, settings)).toEqual([
    { startS: 0, endS: 0.07, confidence: 1, isLong: false },
  ]);
});

test('a planted event is found at its time in the recording, none spans a hole', () => {
  // 10 s, a hole of 1 s, 10 s, at 4 Hz; seizure from 8 s to 15 s with the hole inside.
  const curve = {
    probabilities: Float64Array.from({ length: 80 }, (_, row) => (row >= 32 && row < 56 ? 1 : 0)),
    sampleRate: 4,
    segments: segmentsOf(
      [
        [0, 0],
        [40, 44],
      ],
      80,
    ),
  };
  const settings = { ...plain, events: { ...plain.events, tau_merge: 5 } };
  expect(postprocessCurve(curve, settings)).toEqual([
    { startS: 8, endS: 10, confidence: 1, isLong: false },
    { startS: 11, endS: 15, confidence: 1, isLong: false },
  ]);
});

test('the default configuration is accepted as it is', () => {
  const { postprocessing } = configSchema.parse({});
  const seizure = (index: number) => (index >= 2560 && index < 5120 ? 0.9 : 0.1);
  const [event, ...others] = postprocess(
    Float32Array.from({ length: 20_000 }, (_, i) => seizure(i)),
    256,
    postprocessing,
  );
  // On at once, off after 256 low samples are complete: sample 5120 + 255.
  expect(event).toMatchObject({ startS: 10, endS: (5120 + 255) / 256 });
  expect(others).toEqual([]);
});

const anySettings: fc.Arbitrary<PostprocessingSettings> = fc.record({
  hysteresis: fc.record({
    tau_on: fc.double({ min: 0, max: 1, noNaN: true }),
    tau_off: fc.double({ min: 0, max: 1, noNaN: true }),
    min_onset_samples: fc.nat(300),
    min_offset_samples: fc.nat(300),
  }),
  morphology: fc.record({
    opening_kernel: fc.integer({ min: 1, max: 300 }),
    closing_kernel: fc.integer({ min: 1, max: 300 }),
  }),
  duration: fc.record({ min_duration_s: fc.nat(5), max_duration_s: fc.integer({ min: 5, max: 600 }) }),
  events: fc.record({
    tau_merge: fc.nat(10),
    confidence_method: fc.constantFrom('mean' as const, 'peak' as const, 'percentile' as const),
    confidence_percentile: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
});

/** Curves that would hurt a quadratic or looping implementation (failures G14). */
const pathological: Record<string, (index: number) => number> = {
  'all zero': () => 0,
  'all one': () => 1,
  alternating: (index) => index % 2,
  'on the threshold': () => 0.86,
  'between the thresholds': () => 0.8,
  'short spikes far apart': (index) => (index % 257 === 0 ? 1 : 0),
  'rising for ever': (index) => index / 1e6,
};

// A quadratic pass over 921,600 samples would take minutes, and meet the test's time limit.
test.each(Object.entries(pathological))('G14: an hour at 256 Hz of "%s" comes to an end', (_, value) => {
  const curve = Float64Array.from({ length: 921_600 }, (_unused, index) => value(index));
  fc.assert(
    fc.property(anySettings, (settings) => {
      const events = postprocess(curve, 256, settings);
      for (const [index, event] of events.entries()) {
        expect(event.endS).toBeGreaterThan(event.startS);
        expect(event.startS).toBeGreaterThanOrEqual(index === 0 ? 0 : events[index - 1]!.endS);
        if (index > 1000) break;
      }
    }),
    { numRuns: 10 },
  );
});

test('800,000 events to merge come to an end: time grows with length, not with its square', () => {
  const settings = { ...plain, events: { ...plain.events, tau_merge: 3600 } };
  const curve = Float64Array.from({ length: 1_600_000 }, (_, index) => index % 2);
  expect(postprocess(curve, 256, settings)).toHaveLength(1);
});

test('property: the same curve at another rate gives the same events, times scaled', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 }),
      anySettings,
      (curve, any) => {
        const scale = (factor: number): PostprocessingSettings => ({
          ...any,
          duration: {
            min_duration_s: any.duration.min_duration_s * factor,
            max_duration_s: any.duration.max_duration_s * factor,
          },
          events: { ...any.events, tau_merge: any.events.tau_merge * factor },
        });
        const slow = postprocess(curve, 8, scale(4));
        const fast = postprocess(curve, 32, any);
        expect(slow).toEqual(
          fast.map((event) => ({ ...event, startS: event.startS * 4, endS: event.endS * 4 })),
        );
      },
    ),
  );
});
