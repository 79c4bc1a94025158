import fc from 'fast-check';
import { expect, test } from 'vitest';
import { segmentsOf } from '../../post/index.ts';
import { anyOverlapEvents } from '../any-overlap.ts';
import { delayReport, durationGroup, eventOutcomes, highestProbability } from './event-outcomes.ts';

const span = (startS: number, endS: number) => ({ startS, endS });
const seizure = (startS: number, endS: number) => ({ startS, endS, type: 'fnsz' });
const detection = (startS: number, endS: number) => ({ startS, endS, confidence: 0.5, isLong: false });

test('delays count from onset to the first detection that overlaps, early ones negative', () => {
  const { seizures, falseAlarms } = eventOutcomes(
    {
      name: 'a',
      recorded: [span(0, 1000)],
      references: [seizure(100, 160), seizure(300, 320), seizure(500, 510), seizure(1100, 1200)],
      excluded: [span(700, 720)],
    },
    [detection(20, 30), detection(112, 115), detection(130, 140), detection(290, 330), detection(710, 750)],
  );
  // The last was not recorded; that at 700 s is in excluded time.
  expect(seizures.map(({ isDetected, delayS }) => [isDetected, delayS])).toEqual([
    [true, 12],
    [true, -10],
    [false, null],
  ]);
  expect(falseAlarms).toEqual([detection(20, 30)]);
  expect(delayReport(seizures)).toEqual({
    detected: 2,
    before_onset: 1,
    lower_quartile_s: -4.5,
    median_s: 1,
    upper_quartile_s: 6.5,
  });
  expect(delayReport([])).toMatchObject({ detected: 0, median_s: null });
});

const spans = (most: number) =>
  fc
    .array(fc.record({ gap: fc.integer({ min: 0, max: 30 }), length: fc.integer({ min: 1, max: 30 }) }), {
      maxLength: most,
    })
    .map((parts) => {
      let at = 0;
      return parts.map(({ gap, length }) => {
        const startS = at + gap;
        at = startS + length;
        return span(startS, at);
      });
    });

test('property: what is listed is what is counted', () => {
  fc.assert(
    fc.property(spans(3), spans(6), spans(3), spans(8), (recorded, references, excluded, detections) => {
      const recording = { name: 'any', recorded, references, excluded };
      const { seizures, falseAlarms } = eventOutcomes(
        { ...recording, references: references.map((each) => ({ ...each, type: null })) },
        detections.map(({ startS, endS }) => detection(startS, endS)),
      );
      const counts = anyOverlapEvents([{ ...recording, hypotheses: detections }]);
      expect([
        seizures.length,
        seizures.filter(({ isDetected }) => isDetected).length,
        falseAlarms.length,
      ]).toEqual([counts.references, counts.detectedReferences, counts.falseAlarms]);
    }),
  );
});

test('groups of durations: < 10, 10-30, 30-60, > 60 s', () => {
  const group = (seconds: number) => durationGroup(span(7.1, 7.1 + seconds));
  expect([9.99, 10, 29.99, 30, 60, 60.01, 752].map(group)).toEqual([
    '< 10 s',
    '10-30 s',
    '10-30 s',
    '30-60 s',
    '30-60 s',
    '> 60 s',
    '> 60 s',
  ]);
});

test('the highest probability is of the samples within the event, also over a hole', () => {
  const curve = {
    probabilities: Float32Array.of(0.5, 0.25, 0.75, 0.125, 1, 0.375),
    sampleRate: 2,
    // Rows 0-2 at 0-1.5 s, 3-5 at 10-11.5 s.
    segments: segmentsOf(
      [
        [0, 0],
        [3, 20],
      ],
      6,
    ),
  };
  expect(highestProbability(curve, span(0, 1))).toBe(0.5);
  expect(highestProbability(curve, span(0.5, 10.5))).toBe(0.75);
  expect(highestProbability(curve, span(10, 10.5))).toBe(0.125);
  expect(highestProbability(curve, span(10.5, 11.5))).toBe(1);
  expect(highestProbability(curve, span(3, 4))).toBe(0);
});
