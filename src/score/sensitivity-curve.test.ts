import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../config/index.ts';
import { postprocessCurve, segmentsOf } from '../post/index.ts';
import { anyOverlapEvents, falseAlarmsPer24hRecorded } from './any-overlap.ts';
import {
  plainThresholdDetector,
  plainThresholds,
  postprocessingDetector,
  SensitivityCurve,
  sweepTauOff,
  sweepThresholds,
} from './sensitivity-curve.ts';

interface Case {
  id: string;
  fs: number;
  total_hours: number;
  records: { T: number; ref: [number, number][]; p: number[] }[];
  curve_threshold_tp_fa_nref_fa24: [number, number, number, number, number][];
  sensitivity_at: Record<string, { sensitivity: number | null; thresholds_meeting_target: number[] }>;
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/sensitivity_golden.json', import.meta.url), 'utf8'),
);
const thresholds = plainThresholds();

const recordingOf = (name: string, probabilities: ArrayLike<number>, references: [number, number][]) => ({
  recording: {
    name,
    recorded: [{ startS: 0, endS: probabilities.length }],
    references: references.map(([startS, endS]) => ({ startS, endS })),
  },
  curve: {
    probabilities: Float64Array.from(probabilities),
    sampleRate: 1,
    segments: segmentsOf([[0, 0]], probabilities.length),
  },
});

describe.each(cases)('$id', (golden) => {
  const sweep = new SensitivityCurve(thresholds, plainThresholdDetector());
  for (const [index, { p, ref }] of golden.records.entries()) {
    const { recording, curve } = recordingOf(`record ${index}`, p, ref);
    sweep.add(recording, curve);
  }

  test('the curve', () => {
    const rows = sweep.points.map(({ threshold, counts }) => [
      threshold,
      counts.detectedReferences,
      counts.falseAlarms,
      counts.references,
      falseAlarmsPer24hRecorded(counts, 0).value,
    ]);
    expect(rows).toEqual(golden.curve_threshold_tp_fa_nref_fa24);
    expect(sweep.points[0]?.counts.recordedS).toBe(golden.total_hours * 3600);
  });

  test.each(Object.entries(golden.sensitivity_at))('at %s false alarms', (rate, expected) => {
    const reached = sweep.sensitivityAtFalseAlarms(Number(rate));
    expect(reached.value).toBe(expected.sensitivity);
    expect(expected.thresholds_meeting_target).toContain(reached.threshold);
  });
});

const plainSweep = (probabilities: number[], references: [number, number][], swept = thresholds) => {
  const sweep = new SensitivityCurve(swept, plainThresholdDetector());
  const { recording, curve } = recordingOf('one', probabilities, references);
  sweep.add(recording, curve);
  return sweep;
};

test('G10: a target that no threshold reaches: null and a reason', () => {
  // The background reaches 1, so that even the highest threshold has a false alarm in these 4 s.
  expect(plainSweep([1, 0, 0, 1], [[3, 4]]).sensitivityAtFalseAlarms(10)).toEqual({
    value: null,
    reason: 'no threshold has at most 10 false alarms per 24 h',
    threshold: null,
  });
});

test('a rate of exactly the target meets it', () => {
  // A day with one false alarm at 0.6.
  const day = Array.from({ length: 86_400 }, (_, second) => (second === 100 || second === 900 ? 0.6 : 0));
  const sweep = plainSweep(day, [[100, 101]]);
  expect(sweep.sensitivityAtFalseAlarms(1)).toMatchObject({ value: 1, threshold: 0.6 });
  expect(sweep.sensitivityAtFalseAlarms(0.99)).toMatchObject({ value: 0, threshold: 1 });
});

test('G11: no reference, or too little EEG: null and a reason', () => {
  expect(plainSweep([0, 0], []).sensitivityAtFalseAlarms(10).reason).toBe('no reference event');
  expect(plainSweep([0, 1], [[1, 2]]).sensitivityAtFalseAlarms(10, 24).reason).toBe(
    'less than 24 h of seizure-free EEG',
  );
});

test('among equals: the highest threshold', () => {
  // A day at one sample a second; the seizure reaches 0.9, the background 0.6.
  const day = Array.from({ length: 86_400 }, (_, second) =>
    second === 100 ? 0.9 : second === 900 ? 0.6 : 0,
  );
  expect(plainSweep(day, [[100, 101]]).sensitivityAtFalseAlarms(1)).toMatchObject({
    value: 1,
    threshold: 0.9,
  });
  expect(() => new SensitivityCurve([], plainThresholdDetector())).toThrow(/at least one threshold/);
});

test('G3: the sweep over tau_on is the post-processing itself, tau_off a fixed gap below', () => {
  const { postprocessing } = configSchema.parse({});
  const detect = postprocessingDetector(postprocessing);
  const curve = {
    probabilities: Float64Array.from({ length: 20_000 }, (_, index) => Math.abs(Math.sin(index / 900)) ** 3),
    sampleRate: 16,
    segments: segmentsOf(
      [
        [0, 0],
        [11_000, 12_000],
      ],
      20_000,
    ),
  };
  const times = (events: readonly { startS: number; endS: number }[]) =>
    events.map(({ startS, endS }) => [startS, endS]);
  const settings = {
    ...postprocessing,
    hysteresis: { ...postprocessing.hysteresis, tau_on: 0.5, tau_off: 0.42 },
  };
  expect(times(detect(curve, 0.5))).toEqual(times(postprocessCurve(curve, settings)));
  expect(times(detect(curve, 0.86))).toEqual(times(postprocessCurve(curve, postprocessing)));
  expect(times(detect(curve, 0.5))).not.toEqual(times(detect(curve, 0.86)));
  const swept = sweepThresholds();
  expect([swept.length, swept[0], swept[1], swept.at(-1)]).toEqual([95, 0.05, 0.06, 0.99]);
  expect([0.05, 0.08, 0.09, 0.1, 0.86, 0.99].map(sweepTauOff)).toEqual([0.01, 0.01, 0.01, 0.02, 0.78, 0.91]);
});

const anyRecordings = fc.array(
  fc.record({
    probabilities: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 60 }),
    at: fc.nat(59),
    length: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 1, maxLength: 5 },
);
const sweepOf = (all: { probabilities: number[]; at: number; length: number }[], rate = 1) => {
  const sweep = new SensitivityCurve(thresholds, plainThresholdDetector());
  for (const [index, { probabilities, at, length }] of all.entries()) {
    const { recording, curve } = recordingOf(
      `${index}`,
      probabilities.map((p) => p / 20),
      [[at, at + length]],
    );
    sweep.add(recording, { ...curve, sampleRate: rate });
  }
  return sweep;
};

test('property: the order of recordings changes nothing; a looser target never lowers the sensitivity', () => {
  const anyRate = fc.double({ min: 0, max: 1e5, noNaN: true });
  fc.assert(
    fc.property(anyRecordings, anyRate, anyRate, (all, a, b) => {
      const sweep = sweepOf(all);
      expect(sweepOf(all.toReversed()).points).toEqual(sweep.points);
      const strict = sweep.sensitivityAtFalseAlarms(Math.min(a, b));
      const loose = sweep.sensitivityAtFalseAlarms(Math.max(a, b));
      if (strict.value !== null) expect(loose.value).toBeGreaterThanOrEqual(strict.value);
    }),
  );
});

test('property: adding recordings one by one counts as counting them together', () => {
  fc.assert(
    fc.property(anyRecordings, (all) => {
      const detect = plainThresholdDetector();
      const together = anyOverlapEvents(
        all.map(({ probabilities, at, length }) => {
          const { recording, curve } = recordingOf(
            '',
            probabilities.map((p) => p / 20),
            [[at, at + length]],
          );
          return { ...recording, hypotheses: detect(curve, 0.4) };
        }),
      );
      expect(sweepOf(all).points[0]?.counts).toEqual(together);
    }),
  );
});
