import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnnotatedRecording,
  boardRecording,
  countEvents,
  countSamples,
  SubjectTally,
  SZCORE_EVENT_SETTINGS,
  scoredEvents,
  scoreEvents,
  scoreSamples,
} from './index.ts';
import { roundHalfEven } from './sample-runs.ts';

const anyTime = fc.oneof(
  fc.integer({ min: -50, max: 1300 }),
  fc.integer({ min: -500, max: 13_000 }).map((tenths) => tenths / 10),
  fc.integer({ min: 0, max: 2600 }).map((halves) => halves / 2 + 0.05),
);
const anyEvents = fc.array(
  fc.tuple(
    anyTime,
    fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 8000 }).map((t) => t / 10),
    ),
  ),
  { maxLength: 8 },
);
const anyPair = fc
  .tuple(anyEvents, anyEvents, fc.integer({ min: 0, max: 12_000 }), fc.boolean())
  .map(([ref, hyp, tenths, isSorted]) => {
    const recording = (pairs: [number, number][]): AnnotatedRecording => {
      const events = pairs.map(([startS, lastsS]) => ({ startS, endS: startS + lastsS }));
      if (isSorted) events.sort((a, b) => a.startS - b.startS);
      return { events, durationS: tenths / 10 };
    };
    return { reference: recording(ref), hypothesis: recording(hyp) };
  });

/** One element a sample, as the reference tool does it: slow, and of another shape than what is tested. */
function maskOf({ events, durationS }: AnnotatedRecording, rate: number): boolean[] {
  const mask = new Array<boolean>(roundHalfEven(durationS * rate)).fill(false);
  for (const { startS, endS } of events)
    for (const index of mask.keys())
      if (isIn(index, roundHalfEven(startS * rate), roundHalfEven(endS * rate), mask.length))
        mask[index] = true;
  return mask;
}
const isIn = (index: number, from: number, to: number, length: number) =>
  index >= (from < 0 ? from + length : from) && index < (to < 0 ? to + length : to);

test('property: samples are counted as a mask of samples counts them', () => {
  fc.assert(
    fc.property(anyPair, fc.constantFrom(1, 2, 4, 2.5), ({ reference, hypothesis }, rate) => {
      const [ref, hyp] = [maskOf(reference, rate), maskOf(hypothesis, rate)];
      expect(countSamples(reference, hypothesis, rate)).toEqual({
        numSamples: ref.length,
        fs: rate,
        refTrue: ref.filter(Boolean).length,
        tp: ref.filter((isOn, index) => isOn && hyp[index]).length,
        fp: hyp.filter((isOn, index) => isOn && !ref[index]).length,
      });
    }),
  );
});

test('property: events are counted as masks of tenths of a second count them', () => {
  fc.assert(
    fc.property(anyPair, ({ reference, hypothesis }) => {
      const settings = SZCORE_EVENT_SETTINGS;
      const [refs, hyps] = [reference, hypothesis].map(({ events }) => scoredEvents(events, settings));
      const { durationS } = reference;
      const hypMask = maskOf({ events: hyps!, durationS }, 10);
      const fileS = hypMask.length / 10;
      const extended = refs!.map(({ startS, endS }) => ({
        startS: Math.max(0, startS - 30),
        endS: Math.min(fileS, endS + 60),
      }));
      const detected = extended.filter((event) =>
        maskOf({ events: [event], durationS }, 10).some(
          // A reference that ends before it begins, after the recording's end, is none.
          (isOn, index) => isOn && hypMask[index] && event.endS > event.startS,
        ),
      );
      const tpMask = maskOf({ events: detected, durationS }, 10);
      const fp = hyps!.filter((event) => {
        const mask = maskOf({ events: [event], durationS }, 10);
        return !mask.some((isOn, index) => isOn && tpMask[index]);
      });
      expect(countEvents(reference, hypothesis, settings)).toMatchObject({
        numSamples: hypMask.length,
        refTrue: refs!.length,
        tp: detected.length,
        fp: fp.length,
      });
    }),
  );
});

test('property: pieces cover the merged events, none is longer than 300 s, no gap is shorter than 90 s', () => {
  fc.assert(
    fc.property(anyEvents, (pairs) => {
      const events = pairs
        .map(([startS, lastsS]) => ({ startS, endS: startS + lastsS }))
        .sort((a, b) => a.startS - b.startS);
      const pieces = scoredEvents(events, SZCORE_EVENT_SETTINGS);
      for (const [index, { startS, endS }] of pieces.entries()) {
        expect(endS - startS).toBeLessThanOrEqual(300 + 1e-9);
        const next = pieces[index + 1];
        if (next !== undefined) expect(next.startS - endS === 0 || next.startS - endS >= 90).toBe(true);
      }
    }),
  );
});

test('property: figures are null or in [0, 1], F1 is the mean of its two definitions where both are numbers', () => {
  fc.assert(
    fc.property(anyPair, ({ reference, hypothesis }) => {
      for (const scores of [scoreSamples(reference, hypothesis), scoreEvents(reference, hypothesis)]) {
        for (const name of ['sensitivity', 'precision', 'f1', 'f1_before_v0_0_7'] as const) {
          const value = scores[name];
          if (value !== null) expect(value >= 0 && value <= 1).toBe(true);
        }
        if (scores.f1_before_v0_0_7 !== null) expect(scores.f1).toBeCloseTo(scores.f1_before_v0_0_7, 9);
        expect(scores.sensitivity === null).toBe(scores.refTrue === 0);
      }
    }),
  );
});

test('property: the order of recordings changes nothing, names of subjects are in order', () => {
  const anySet = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), anyPair), { maxLength: 6 });
  fc.assert(
    fc.property(anySet, (all) => {
      const score = (recordings: typeof all) => {
        const tally = new SubjectTally();
        for (const [subject, { reference, hypothesis }] of recordings)
          tally.add(subject, scoreSamples(reference, hypothesis), scoreEvents(reference, hypothesis));
        return tally.scores();
      };
      expect(JSON.stringify(score(all.toReversed()))).toBe(JSON.stringify(score(all)));
    }),
  );
});

describe('lengths', () => {
  test.each([
    [0, 0],
    [1, 10],
    [59.99, 600],
    [67, 670],
    [86_400, 864_000],
  ])('%d s: %d samples at 10 Hz, one seizure found', (durationS, numSamples) => {
    const recording = { events: durationS === 0 ? [] : [{ startS: 0, endS: durationS }], durationS };
    const scores = scoreEvents(recording, recording);
    const pieces = Math.ceil(durationS / 300);
    expect(scores).toMatchObject({ numSamples, refTrue: pieces, tp: pieces, fp: 0 });
    expect(scores.fpRate).toBe(durationS === 0 ? null : 0);
  });

  test('one recording split in two where nothing is: the sums are those of the whole', () => {
    const whole = {
      reference: {
        events: [
          { startS: 100, endS: 160 },
          { startS: 2500, endS: 2600 },
        ],
        durationS: 3600,
      },
      hypothesis: {
        events: [
          { startS: 110, endS: 130 },
          { startS: 3000, endS: 3010 },
        ],
        durationS: 3600,
      },
    };
    const half = ({ events }: AnnotatedRecording, from: number) => ({
      durationS: 1800,
      events: events
        .filter(({ startS }) => startS >= from && startS < from + 1800)
        .map(({ startS, endS }) => ({ startS: startS - from, endS: endS - from })),
    });
    const [a, b] = [0, 1800].map((from) => {
      return countEvents(half(whole.reference, from), half(whole.hypothesis, from), SZCORE_EVENT_SETTINGS);
    });
    const together = countEvents(whole.reference, whole.hypothesis, SZCORE_EVENT_SETTINGS);
    for (const name of ['numSamples', 'refTrue', 'tp', 'fp'] as const)
      expect(a![name] + b![name]).toBe(together[name]);
  });
});

test('the board cuts times off to whole seconds, and what is left of a second at the end', () => {
  const { events, durationS } = boardRecording({
    events: [
      { startS: 10.9, endS: 12.99 },
      { startS: 20.2, endS: 20.8 },
      { startS: 58, endS: 99 },
    ],
    durationS: 59.99,
  });
  expect([events, durationS]).toEqual([
    [
      { startS: 10, endS: 12 },
      { startS: 58, endS: 59 },
    ],
    59,
  ]);
});

test.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [-0.5, 0],
  [-1.5, -2],
  [2.4999, 2],
  [3600.5, 3600],
])('%d is rounded to %d', (value, expected) => {
  expect(roundHalfEven(value)).toBe(expected);
});
