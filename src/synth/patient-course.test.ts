import { describe, expect, test } from 'vitest';
import { listRecordingsToMake } from './corpus.ts';
import { drawPatient } from './patient.ts';
import { PatientCourse } from './patient-course.ts';
import { PROFILES } from './profile.ts';

/** What no sample has to be made for: how much seizure there is, and of which lengths. */
function census(profile: 'tusz' | 'emu', seed: number, patients: number, hours: number) {
  const { all, patients: drawn } = listRecordingsToMake({ seed, profile, patients, hours });
  const durations = all.flatMap(({ patient, seizureDurations }) =>
    seizureDurations.map((seconds) => ({ seconds, patient })),
  );
  const recordedS = all.reduce((sum, { durationS }) => sum + durationS, 0);
  const seizureS = durations.reduce((sum, { seconds }) => sum + seconds, 0);
  return { all, drawn, durations, recordedS, seizureS };
}

describe.each([
  ['tusz', 0.05, 1 / 3, 60, 600],
  ['emu', 0.0012, 2 / 3, 60, 9000],
] as const)('%s', (profile, share, withSeizures, patients, hours) => {
  test.each([1, 2, 3])('share of seizure, of patients with seizures, and durations: seed %i', (seed) => {
    const { all, drawn, durations, recordedS, seizureS } = census(profile, seed, patients, hours);
    // Recordings grow to hold their events, which lowers the share a little.
    expect(seizureS / recordedS / share).toBeGreaterThan(0.85);
    expect(seizureS / recordedS / share).toBeLessThan(1.15);
    expect(drawn.filter(({ hasSeizures }) => hasSeizures).length / patients).toBeCloseTo(withSeizures, 9);
    expect(new Set(durations.map(({ patient }) => patient.index)).size).toBe(
      Math.round(patients * withSeizures),
    );
    const negatives = all.reduce((sum, recording) => sum + recording.negatives, 0);
    expect(negatives).toBeGreaterThanOrEqual(10 * durations.length);
    const lengths = durations
      .filter(({ patient }) => patient.syndrome !== 'absence')
      .map(({ seconds }) => seconds)
      .sort((a, b) => a - b);
    const quantile = (q: number) => lengths[Math.floor(q * lengths.length)]!;
    const { medianS, p95S, longestS } = PROFILES[profile].durations;
    // With 150 seizures or more, by the spread of order statistics.
    expect(Math.abs(Math.log(quantile(0.5) / medianS))).toBeLessThan(0.25);
    expect(Math.abs(Math.log(quantile(0.95) / p95S))).toBeLessThan(0.4);
    expect(lengths.at(-1)!).toBeLessThanOrEqual(longestS);
    for (const { seconds } of durations.filter(({ patient }) => patient.syndrome === 'absence')) {
      expect(seconds).toBeGreaterThanOrEqual(4);
      expect(seconds).toBeLessThanOrEqual(15);
    }
  });
});

test('splits by patient: 60, 20 and 20 of a hundred; each with seizures from three patients on', () => {
  const patients = Array.from({ length: 30 }, (_, index) => drawPatient(9, PROFILES.tusz, index));
  const count = (split: string) => patients.filter((patient) => patient.split === split).length;
  expect([count('train'), count('dev'), count('eval')]).toEqual([18, 6, 6]);
  expect(patients.slice(0, 3).map(({ split, hasSeizures }) => [split, hasSeizures])).toEqual([
    ['train', true],
    ['eval', true],
    ['dev', true],
  ]);
});

test('a recording is a function of those before it only', () => {
  const course = () => new PatientCourse(4, PROFILES.tusz, drawPatient(4, PROFILES.tusz, 0));
  const [a, b] = [course(), course()];
  const three = [a.next(), a.next(), a.next()];
  expect([b.next(), b.next(), b.next(), b.next()].slice(0, 3)).toEqual(three);
});

test('eval is of another distribution: steeper, slower, with more artefacts', () => {
  const patients = Array.from({ length: 600 }, (_, index) => drawPatient(3, PROFILES.tusz, index));
  const mean = (isEval: boolean, value: (patient: (typeof patients)[number]) => number) => {
    const of = patients.filter(({ split }) => (split === 'eval') === isEval).map(value);
    return of.reduce((sum, each) => sum + each, 0) / of.length;
  };
  expect(mean(true, ({ exponent }) => exponent) - mean(false, ({ exponent }) => exponent)).toBeGreaterThan(
    0.08,
  );
  expect(mean(true, ({ alphaHz }) => alphaHz)).toBeLessThan(mean(false, ({ alphaHz }) => alphaHz) - 0.3);
  expect(mean(true, ({ artefactLevel }) => artefactLevel)).toBeGreaterThan(
    1.2 * mean(false, ({ artefactLevel }) => artefactLevel),
  );
  // 30 % of all have pathological slowing: 27 % of 80 %, 42 % of 20 %.
  const slowed = patients.filter(({ slowing }) => slowing !== null).length / 600;
  expect(Math.abs(slowed - 0.3)).toBeLessThan(0.06);
  for (const { sources } of patients) {
    expect(sources.length).toBeGreaterThanOrEqual(40);
    expect(sources.length).toBeLessThanOrEqual(80);
  }
  expect(new Set(patients.map(({ rate }) => rate))).toEqual(new Set([250, 256, 400, 512]));
});
