import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyOverlapEvents, eventSensitivity, falseAlarmsPer24hRecorded } from './any-overlap.ts';

const span = (startS: number, endS: number) => ({ startS, endS });
const hour = [span(0, 3600)];

test('any overlap detects; touching is no overlap', () => {
  const counts = anyOverlapEvents([
    {
      name: 'a',
      recorded: hour,
      references: [span(100, 160), span(500, 560), span(900, 960)],
      // One touches a reference's end, one overlaps by a second, two hit the same reference, one is far off.
      hypotheses: [span(160, 170), span(559, 700), span(890, 901), span(950, 1000), span(2000, 2001)],
    },
  ]);
  expect(counts).toEqual({
    detectedReferences: 2,
    references: 3,
    referencesNotRecorded: 0,
    falseAlarms: 2,
    hypotheses: 5,
    recordings: 1,
    recordedS: 3600,
    seizureFreeS: 3600 - 180,
  });
  expect(eventSensitivity(counts).value).toBe(2 / 3);
  expect(falseAlarmsPer24hRecorded(counts, 0).value).toBe(48);
});

test('what is detected in excluded time is neither right nor a false alarm', () => {
  const counts = anyOverlapEvents([
    {
      name: 'a',
      recorded: hour,
      references: [span(100, 160)],
      excluded: [span(160, 200), span(1000, 1100)],
      // Over a reference and excluded time; in excluded time; half in it; touching it; elsewhere.
      hypotheses: [span(150, 190), span(1010, 1020), span(990, 1001), span(1100, 1110), span(2000, 2001)],
    },
  ]);
  expect(counts).toMatchObject({
    detectedReferences: 1,
    references: 1,
    falseAlarms: 2,
    hypotheses: 3,
    recordedS: 3600,
    seizureFreeS: 3600 - 60 - 140,
  });
});

test('hours count what was recorded; a seizure inside a hole is listed, not missed', () => {
  const counts = anyOverlapEvents([
    {
      name: 'a',
      recorded: [span(0, 100), span(110, 200)],
      // In the hole; over the hole; past the end of the recording.
      references: [span(101, 109), span(95, 115), span(190, 250)],
      hypotheses: [],
    },
  ]);
  expect(counts).toMatchObject({ references: 2, referencesNotRecorded: 1, recordedS: 190 });
  // 5 s before the hole, 5 s after it, 10 s at the end.
  expect(counts.seizureFreeS).toBe(170);
});

test('no rate from less than 24 h without seizures', () => {
  const day = { name: 'a', references: [span(0, 60)], hypotheses: [span(100, 110)] };
  const short = anyOverlapEvents([{ ...day, recorded: [span(0, 86_400)] }]);
  expect(falseAlarmsPer24hRecorded(short, 24)).toEqual({
    value: null,
    reason: 'less than 24 h of seizure-free EEG',
  });
  const enough = anyOverlapEvents([{ ...day, recorded: [span(0, 86_460)] }]);
  expect(falseAlarmsPer24hRecorded(enough, 24).value).toBe(86_400 / 86_460);
});

test('nothing recorded, nothing annotated: null and a reason', () => {
  const none = anyOverlapEvents([]);
  expect(eventSensitivity(none)).toEqual({ value: null, reason: 'no reference event' });
  expect(falseAlarmsPer24hRecorded(none, 0)).toEqual({ value: null, reason: 'nothing recorded' });
});

test('an event that ends before it starts is named', () => {
  const recording = { name: 'chb01_03', recorded: hour, references: [], hypotheses: [span(20, 10)] };
  expect(() => anyOverlapEvents([recording])).toThrow(
    'chb01_03: expected each hypothesis to end at or after its start, found 20 s to 10 s.',
  );
});

const anySpan = fc
  .record({ startS: fc.integer({ min: 0, max: 500 }), lengthS: fc.integer({ min: 0, max: 60 }) })
  .map(({ startS, lengthS }) => span(startS, startS + lengthS));
const anyRecording = fc.record({
  name: fc.constant('any'),
  recorded: fc.array(anySpan, { maxLength: 3 }),
  references: fc.array(anySpan, { maxLength: 8 }),
  hypotheses: fc.array(anySpan, { maxLength: 8 }),
});

test('property: as the definition says, pair by pair and second by second', () => {
  fc.assert(
    fc.property(anyRecording, (recording) => {
      const overlap = (a: { startS: number; endS: number }, b: { startS: number; endS: number }) =>
        a.startS < b.endS && a.endS > b.startS;
      const { recorded, references, hypotheses } = recording;
      const known = references.filter((each) => recorded.some((other) => overlap(each, other)));
      const isIn = (spans: typeof recorded, second: number) =>
        spans.some(({ startS, endS }) => startS <= second && second < endS);
      const seconds = Array.from({ length: 600 }, (_, second) => second).filter((each) =>
        isIn(recorded, each),
      );
      expect(anyOverlapEvents([recording])).toEqual({
        detectedReferences: known.filter((each) => hypotheses.some((other) => overlap(each, other))).length,
        references: known.length,
        referencesNotRecorded: references.length - known.length,
        falseAlarms: hypotheses.filter((each) => !references.some((other) => overlap(each, other))).length,
        hypotheses: hypotheses.length,
        recordings: 1,
        recordedS: seconds.length,
        seizureFreeS: seconds.filter((each) => !isIn(references, each)).length,
      });
    }),
  );
});

test('property: the order of recordings changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecording, { maxLength: 8 }),
      fc.double({ min: 0.1, max: 9, noNaN: true }),
      (all, factor) => {
        // Odd lengths, whose plain sums would depend on the order.
        const stretched = all.map((each, index) => ({
          ...each,
          recorded: each.recorded.map(({ startS, endS }) => span(startS * factor, endS * factor + index / 7)),
        }));
        expect(anyOverlapEvents(stretched.toReversed())).toEqual(anyOverlapEvents(stretched));
      },
    ),
  );
});
