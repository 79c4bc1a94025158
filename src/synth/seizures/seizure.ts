import type { Component } from '../block.ts';
import { CONTROL_HZ, controlTrack, rise } from '../control.ts';
import type { Draws } from '../draws.ts';
import { amplitudeFor, type EventContext, referencedFields } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { MUSCLES, MuscleActivity } from '../muscle.ts';
import { coursePower, type RhythmCourse, RhythmicRun } from '../rhythmic-run.ts';
import { channelOnsets } from './channel-onsets.ts';
import { seizureCourse } from './course.ts';
import { drawLoudness, type Loudness } from './loudness.ts';
import { drawGeneralised, drawSpread, type SpreadSite } from './spread.ts';
import { drawType, isGeneralised, type SeizureType } from './types.ts';

/** A seizure, with what its twin is made of. */
export interface SeizurePlan extends EventPlan {
  readonly course: RhythmCourse;
  readonly loudness: Loudness;
}

/** Share of seizures by type that hide in the background's amplitude. */
const QUIET: Readonly<Record<SeizureType, number>> = {
  fnsz: 0.55,
  spsz: 0.7,
  cpsz: 0.5,
  gnsz: 0.35,
  tnsz: 0.3,
  tcsz: 0,
  absz: 0.35,
};

/** Places that a seizure reaches, the first included. */
const PLACES: Readonly<Record<SeizureType, readonly [number, number]>> = {
  fnsz: [2, 4],
  spsz: [2, 3],
  cpsz: [3, 6],
  tnsz: [4, 7],
  tcsz: [6, 9],
  gnsz: [8, 8],
  absz: [8, 8],
};

/** Plans a seizure of a duration. */
export function planSeizure(draws: Draws, context: EventContext, durationS: number): SeizurePlan {
  const { patient } = context;
  const type = drawType(draws, patient.syndrome, durationS);
  const loudness = drawLoudness(draws, QUIET[type], [1.6, 5]);
  const sites = drawSites(draws, type, patient.focus, durationS);
  const { course, evolution } = seizureCourse(draws.part(1), type, sites, durationS);
  const scaled = scaledTo(loudness, course, context);
  const after = afterwards(draws, type);
  const muscles = musclesOf(type, scaled, durationS, draws, patient.rate);
  return {
    kind: 'seizure',
    type,
    durationS,
    course: scaled,
    loudness,
    background: { during: loudness.backgroundDuring, ...after },
    detail: {
      focus: sites[0]!.electrode,
      spread: sites.map(({ electrode, delayS, riseS }) => ({
        electrode,
        delay_s: rounded(delayS),
        rise_s: rounded(riseS),
      })),
      from_hz: rounded(evolution.fromHz),
      to_hz: rounded(evolution.toHz),
      from_shape: rounded(evolution.fromShape),
      to_shape: rounded(evolution.toShape),
      waveform: evolution.isSpikeWave ? 'spike-wave' : 'sharp',
      times_background: rounded(loudness.ratio),
      background_during: rounded(loudness.backgroundDuring),
      is_quiet: loudness.isQuiet,
      has_muscles: muscles !== null,
      background_after: rounded(after.after),
      recovery_s: rounded(after.recoveryS),
      channel_onsets_s: channelOnsets(scaled),
    },
    build: (startS) => {
      const components: Component[] = [new RhythmicRun(startS, durationS, scaled, draws.part(2).uniform())];
      if (muscles !== null) components.push(muscles(startS));
      return components;
    },
  };
}

export const rounded = (value: number) => Math.round(value * 1000) / 1000;

function drawSites(draws: Draws, type: SeizureType, focus: string, durationS: number): SpreadSite[] {
  // An absence is there within half a second.
  if (isGeneralised(type))
    return drawGeneralised(
      draws.part(3),
      type === 'absz' ? draws.between(0.3, 0.8) : Math.min(draws.between(5, 15), 0.4 * durationS),
    );
  const [fewest, most] = PLACES[type];
  return drawSpread(draws.part(3), focus, fewest + draws.below(most - fewest + 1), durationS);
}

/** The course at the amplitude that makes its loudest second as loud as wanted. */
function scaledTo(
  { ratio, backgroundDuring }: Loudness,
  course: RhythmCourse,
  context: EventContext,
): RhythmCourse {
  const fields = referencedFields(course.generators, context);
  const power = loudest(course, fields);
  const amplitude = amplitudeFor(ratio, power, backgroundDuring, context);
  return {
    ...course,
    generators: course.generators.map((generator) => ({
      ...generator,
      amplitude: generator.amplitude.map((value) => value * amplitude),
    })),
  };
}

/** Power `(E)` of the loudest control step. */
function loudest(course: RhythmCourse, fields: readonly Float64Array[]): Float64Array {
  let best = new Float64Array(fields[0]!.length);
  let most = -1;
  for (let step = 0; step < course.frequency.length; step++) {
    const power = coursePower(
      {
        generators: course.generators.map((each) => ({
          ...each,
          amplitude: each.amplitude.subarray(step, step + 1),
        })),
      },
      fields,
      1,
    );
    const sum = power.reduce((total, value) => total + value, 0);
    if (sum > most) [most, best] = [sum, power as Float64Array<ArrayBuffer>];
  }
  return best;
}

/** After a seizure the background is suppressed, after a tonic-clonic one nearly flat. */
function afterwards(draws: Draws, type: SeizureType): { after: number; recoveryS: number } {
  if (type === 'absz') return { after: 1, recoveryS: 1 };
  if (type === 'tcsz') return { after: draws.between(0.15, 0.35), recoveryS: draws.between(40, 120) };
  return { after: draws.between(0.5, 1), recoveryS: draws.between(10, 50) };
}

/** Tonic seizures are held by all muscles; in a tonic-clonic one they then jerk with each wave. */
function musclesOf(
  type: SeizureType,
  { frequency }: RhythmCourse,
  durationS: number,
  draws: Draws,
  rate: number,
): ((startS: number) => Component) | null {
  if (type !== 'tnsz' && type !== 'tcsz') return null;
  const peakUv = draws.logBetween(15, 120);
  const tonicEndS = type === 'tnsz' ? durationS : durationS * draws.between(0.35, 0.5);
  const amplitude = controlTrack(
    durationS,
    (timeS) =>
      peakUv * rise(timeS, 0.1 * durationS, 0.3 * durationS) * (1 - rise(timeS, durationS - 1, durationS)),
  );
  let cycles = 0;
  const phase = frequency.map((hz) => {
    cycles += hz / CONTROL_HZ;
    return cycles - hz / CONTROL_HZ;
  });
  const gate = (timeS: number) => {
    if (timeS < tonicEndS) return 1;
    const place = timeS * CONTROL_HZ;
    const index = Math.floor(place);
    const next = phase[index + 1] ?? phase[index]!;
    const at = phase[index]! + (next - phase[index]!) * (place - index);
    return at - Math.floor(at) < 0.35 ? 1 : 0.06;
  };
  return (startS) =>
    new MuscleActivity(startS, durationS, MUSCLES, amplitude, { draws: draws.part(4), rate, gate });
}
