import { expect, test } from 'vitest';
import { Draws } from '../draws.ts';
import { eventContext } from '../event-context.ts';
import { drawPatient } from '../patient.ts';
import { PROFILES } from '../profile.ts';
import { planSeizure } from '../seizures/seizure.ts';
import { planNegative } from './negative.ts';
import { planTwin } from './twin.ts';

const contexts = Array.from({ length: 40 }, (_, index) => drawPatient(8, PROFILES.tusz, index))
  .filter(({ hasSeizures }) => hasSeizures)
  .map((patient) => eventContext(patient, 'wake'));

test('seizures evolve by what the ACNS asks for, half a hertz or more, and begin at a tenth', () => {
  for (const [index, context] of contexts.entries()) {
    const { course, detail } = planSeizure(new Draws(1, index), context, 40);
    expect((detail.from_hz as number) - (detail.to_hz as number)).toBeGreaterThan(0.5);
    const [focus] = course.generators;
    const peak = Math.max(...focus!.amplitude);
    expect(focus!.amplitude[0]!).toBeLessThan(0.11 * peak);
    expect(focus!.amplitude.at(-2)!).toBeLessThan(0.05 * peak);
  }
});

test('a twin is planned as long and as loud as its seizure, whatever its places', () => {
  for (const [index, context] of contexts.entries()) {
    const draws = new Draws(2, index);
    const seizure = planSeizure(draws.part(1), context, 30 + 5 * index);
    const twin = planTwin(draws.part(2), context, seizure);
    expect(twin.durationS).toBe(seizure.durationS);
    expect(twin.background.during).toBe(seizure.background.during);
    // Over all of it it is quieter than in its loudest second, and louder than what is left of the background.
    const loudness = twin.detail.times_background as number;
    expect(loudness).toBeLessThan(seizure.loudness.ratio * 1.02);
    expect(loudness).toBeGreaterThan(seizure.background.during * 0.98);
  }
});

test('spike runs end below 10 s; toothbrushing and tremor are of 3 to 6 Hz; all kinds are drawn', () => {
  const seen = new Set<string>();
  for (let index = 0; index < 400; index++) {
    const { type, durationS, detail } = planNegative(new Draws(3, index), contexts[index % contexts.length]!);
    seen.add(type);
    if (type === 'spike-run') expect(durationS).toBeLessThan(10);
    if (type === 'toothbrushing' || type === 'tremor') {
      expect(detail.hz as number).toBeGreaterThanOrEqual(3);
      expect(detail.hz as number).toBeLessThanOrEqual(6);
    }
  }
  expect([...seen].sort()).toEqual([
    'arousal',
    'periodic-discharges',
    'photic-driving',
    'postictal-slowing',
    'rhythmic-slowing',
    'spike-run',
    'toothbrushing',
    'tremor',
  ]);
});
