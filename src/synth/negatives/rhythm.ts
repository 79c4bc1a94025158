import type { Component } from '../block.ts';
import { controlAt, controlTrack } from '../control.ts';
import type { Draws } from '../draws.ts';
import { amplitudeFor, type EventContext, patchField, referencedFields } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { coursePower, RhythmicRun } from '../rhythmic-run.ts';
import { slowWander } from '../seizures/course.ts';
import { drawLoudness } from '../seizures/loudness.ts';
import { rounded } from '../seizures/seizure.ts';
import type { Waveform } from '../waveform.ts';

/** A rhythm that does not evolve. */
export interface StaticRhythm {
  readonly type: string;
  readonly durationS: number;
  /** Hz */
  readonly hz: number;
  /** Relative deviation of its frequency, and how long one lasts in seconds. */
  readonly wander: number;
  readonly wanderS: number;
  readonly waveform: Waveform;
  readonly shape: number;
  /** Electrodes above the places that take part; or fields of their own. */
  readonly places: readonly (string | Float64Array)[];
  /** What its amplitude is multiplied by, at seconds from its start. */
  readonly envelope: (timeS: number) => number;
  /** Frequency at seconds from the start, where it is not `hz`. */
  readonly hzAt?: (timeS: number) => number;
  readonly quietShare: number;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** More that goes with it, such as muscles, from its amplitude in microvolts. */
  readonly beside?: (startS: number, amplitudeUv: number) => readonly Component[];
}

/** Plans a rhythm that wanders in frequency and amplitude but goes nowhere, at places that all take part throughout. */
export function planStaticRhythm(draws: Draws, context: EventContext, rhythm: StaticRhythm): EventPlan {
  const { type, durationS, hz, wander, wanderS, waveform, shape, places, envelope, quietShare } = rhythm;
  const { hzAt = () => hz, detail = {}, beside } = rhythm;
  const loudness = drawLoudness(draws.part(1), quietShare, [1.4, 3.2]);
  const deviations = slowWander(draws.part(2), durationS, wander, wanderS);
  const swell = slowWander(draws.part(3), durationS, 0.2, 1);
  const frequency = controlTrack(durationS, (timeS) => hzAt(timeS) * (1 + controlAt(deviations, timeS)));
  const generators = places.map((place, index) => ({
    field: typeof place === 'string' ? patchField(place, draws.part(4, index)) : place,
    lagS: index === 0 ? 0 : draws.between(0, 0.02),
    amplitude: controlTrack(durationS, (timeS) => envelope(timeS) * (1 + controlAt(swell, timeS))),
  }));
  const shapes = controlTrack(durationS, () => shape);
  const course = { frequency, shape: shapes, waveform, generators };
  const power = coursePower(course, referencedFields(generators, context), frequency.length);
  const amplitude = amplitudeFor(loudness.ratio, power, loudness.backgroundDuring, context);
  const scaled = {
    ...course,
    generators: generators.map((each) => ({
      ...each,
      amplitude: each.amplitude.map((value) => value * amplitude),
    })),
  };
  return {
    kind: 'negative',
    type,
    durationS,
    background: { during: loudness.backgroundDuring, after: 1, recoveryS: 1 },
    detail: {
      hz: rounded(hz),
      times_background: rounded(loudness.ratio),
      is_quiet: loudness.isQuiet,
      ...(typeof places[0] === 'string' ? { places } : {}),
      ...detail,
    },
    build: (startS) => [
      new RhythmicRun(startS, durationS, scaled, draws.part(5).uniform()),
      ...(beside?.(startS, amplitude) ?? []),
    ],
  };
}

/** Grows and ends within a second, or a quarter of a short one. */
export function plateau(durationS: number, flankS = 1): (timeS: number) => number {
  const flank = Math.min(flankS, durationS / 4);
  return (timeS) => Math.max(0, Math.min(1, timeS / flank, (durationS - timeS) / flank));
}
