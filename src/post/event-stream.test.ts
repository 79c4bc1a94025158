import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventStream } from './event-stream.ts';
import { type DetectedEvent, type PostprocessingSettings, postprocess } from './postprocess.ts';

const plain: PostprocessingSettings = {
  hysteresis: { tau_on: 0.5, tau_off: 0.4, min_onset_samples: 1, min_offset_samples: 1 },
  morphology: { opening_kernel: 1, closing_kernel: 1 },
  duration: { min_duration_s: 0, max_duration_s: 600 },
  events: { tau_merge: 0, confidence_method: 'mean', confidence_percentile: 0.75 },
};

const settings: fc.Arbitrary<PostprocessingSettings> = fc.record({
  hysteresis: fc.record({
    tau_on: fc.constantFrom(0.3, 0.5, 0.8),
    tau_off: fc.constantFrom(0.2, 0.5, 0.9),
    min_onset_samples: fc.integer({ min: 0, max: 5 }),
    min_offset_samples: fc.integer({ min: 0, max: 5 }),
  }),
  morphology: fc.record({
    opening_kernel: fc.integer({ min: 1, max: 6 }),
    closing_kernel: fc.integer({ min: 1, max: 9 }),
  }),
  duration: fc.record({
    min_duration_s: fc.constantFrom(0, 0.7, 2, 5),
    max_duration_s: fc.constantFrom(3, 600),
  }),
  events: fc.record({
    tau_merge: fc.constantFrom(0, 0.7, 2, 5),
    confidence_method: fc.constantFrom('mean', 'peak', 'percentile'),
    confidence_percentile: fc.constantFrom(0, 0.75, 1),
  }),
});

/** Some stay above or below the thresholds for long, so that there are events of every length. */
const curves = fc
  .array(
    fc.tuple(
      fc.constantFrom(0.05, 0.25, 0.45, 0.6, 0.95),
      fc.double({ min: 0, max: 0.049, noNaN: true }),
      fc.integer({ min: 1, max: 9 }),
    ),
    { maxLength: 40 },
  )
  .map((steps) =>
    Float64Array.from(steps.flatMap(([level, more, count]) => Array<number>(count).fill(level + more))),
  );

/** Cuts as long as the numbers say, the last one again and again. */
function* cut(curve: Float64Array, lengths: readonly number[]): Generator<Float64Array> {
  let at = 0;
  for (let piece = 0; at < curve.length; piece++) {
    const length = lengths[Math.min(piece, lengths.length - 1)]!;
    yield curve.slice(at, at + length);
    at += length;
  }
}

test('however a curve is cut, the events are those of the whole, each returned as soon as it is certain', () => {
  fc.assert(
    fc.property(
      curves,
      settings,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(1, 2.5),
      (curve, chosen, lengths, rate) => {
        const stream = new EventStream(rate, chosen, 7);
        const events: DetectedEvent[] = [];
        for (const piece of cut(curve, lengths)) events.push(...stream.push(piece));
        events.push(...stream.end());
        expect(events).toEqual(postprocess(curve, rate, chosen, 7));
      },
    ),
    { numRuns: 3000 },
  );
});

test('what was said does not hang on what follows: cut off anywhere, the certain events stand', () => {
  fc.assert(
    fc.property(curves, settings, fc.nat(), curves, (curve, chosen, place, other) => {
      const at = curve.length === 0 ? 0 : place % curve.length;
      const stream = new EventStream(1, chosen);
      const certain = stream.push(curve.slice(0, at));
      const elsewhere = Float64Array.from([...curve.slice(0, at), ...other]);
      expect(postprocess(elsewhere, 1, chosen).slice(0, certain.length)).toEqual(certain);
    }),
    { numRuns: 2000 },
  );
});

test('an event is said once the gap behind it is too long to be closed or merged', () => {
  const stream = new EventStream(1, {
    ...plain,
    morphology: { opening_kernel: 1, closing_kernel: 3 },
    events: { ...plain.events, tau_merge: 5 },
  });
  const ones = Float64Array.of(0, 0, 1, 1, 1);
  expect(stream.push(ones)).toEqual([]);
  // Samples 5 to 10 are off: a run that starts at 10 would be merged (gap 5), one that starts at 11 would not.
  for (let sample = 5; sample <= 9; sample++) expect(stream.push(Float64Array.of(0))).toEqual([]);
  expect(stream.push(Float64Array.of(0))).toEqual([{ startS: 2, endS: 5, confidence: 1, isLong: false }]);
});

test('a clone tries what would follow and leaves the stream as it is', () => {
  const stream = new EventStream(1, plain);
  stream.push(Float64Array.of(0, 1, 1));
  const trial = stream.clone();
  expect([...trial.push(Float64Array.of(1, 0)), ...trial.end()]).toMatchObject([{ startS: 1, endS: 4 }]);
  expect(stream.end()).toMatchObject([{ startS: 1, endS: 3 }]);
});

test.each(['mean', 'peak'] as const)('an event of any length is held as a few numbers (%s)', (method) => {
  const stream = new EventStream(256, {
    ...plain,
    morphology: { opening_kernel: 11, closing_kernel: 31 },
    events: { ...plain.events, tau_merge: 2, confidence_method: method },
  });
  const hour = new Float64Array(256 * 60).fill(0.7);
  let most = 0;
  for (let minute = 0; minute < 60; minute++) {
    stream.push(hour);
    most = Math.max(most, stream.held);
  }
  expect(most).toBeLessThan(31);
  expect(stream.end()).toEqual([{ startS: 15 / 256, endS: 3600 - 15 / 256, confidence: 0.7, isLong: true }]);
});

test('runs that come and go with short gaps for hours are held as a few numbers', () => {
  const stream = new EventStream(1, { ...plain, events: { ...plain.events, tau_merge: 20 } });
  let most = 0;
  for (let turn = 0; turn < 5000; turn++) {
    stream.push(Float64Array.of(1, 1, 1, 0, 0, 0, 0));
    most = Math.max(most, stream.held);
  }
  expect(most).toBeLessThan(30);
  expect(stream.end()).toMatchObject([{ startS: 0, endS: 34_996 }]);
});

test('NaN is refused by its place', () => {
  const stream = new EventStream(1, plain);
  stream.push(Float64Array.of(0, 0));
  expect(() => stream.push(Float64Array.of(0, Number.NaN))).toThrow('NaN at sample 3');
});
