import { CONTROL_HZ } from '../control.ts';
import type { Draws } from '../draws.ts';
import { amplitudeFor, type EventContext, patchField, ratioOf, referencedFields } from '../event-context.ts';
import type { EventPlan } from '../events.ts';
import { SCALP } from '../head.ts';
import { coursePower, type RhythmCourse, RhythmicRun } from '../rhythmic-run.ts';
import { rounded, type SeizurePlan } from '../seizures/seizure.ts';

/** s of a piece of a seizure's course that a twin keeps whole */
const PIECE_S = [2, 4] as const;

/**
 * A seizure's twin: as long, as loud, of the same frequencies and waveforms for as long each, and no seizure. The
 * pieces of its course come in another order, so that it fluctuates instead of evolving, and it does not spread: all
 * its places take part throughout (ACNS's terminology 2021: evolving against fluctuating).
 */
export function planTwin(draws: Draws, context: EventContext, seizure: SeizurePlan): EventPlan {
  const { durationS, course, background, type } = seizure;
  const order = pieceOrder(draws, durationS);
  const rearranged = (track: Float64Array) => smoothed(inOrder(track, order));
  const places = otherPlaces(draws, course.generators.length);
  const common = envelope(course);
  const generators = course.generators.map(({ amplitude, lagS }, index) => {
    const level = Math.sqrt(meanSquare(amplitude));
    return {
      field: patchField(places[index]!, draws.part(1, index)),
      lagS,
      amplitude: rearranged(common).map((value) => value * level),
    };
  });
  const raw: RhythmCourse = {
    frequency: rearranged(course.frequency.map(Math.log)).map(Math.exp),
    shape: rearranged(course.shape),
    waveform: course.waveform,
    generators,
  };
  const during = background.during;
  const steps = course.frequency.length;
  const loudness = ratioOf(
    coursePower(course, referencedFields(course.generators, context), steps),
    during,
    context,
  );
  const power = coursePower(raw, referencedFields(generators, context), steps);
  const amplitude = amplitudeFor(loudness, power, during, context);
  const twin: RhythmCourse = {
    ...raw,
    generators: generators.map((each) => ({
      ...each,
      amplitude: each.amplitude.map((value) => value * amplitude),
    })),
  };
  return {
    kind: 'negative',
    type: 'twin',
    durationS,
    background: { during, after: 1, recoveryS: 1 },
    detail: {
      of_type: type,
      places,
      times_background: rounded(loudness),
      background_during: rounded(during),
      is_quiet: seizure.loudness.isQuiet,
    },
    build: (startS) => [new RhythmicRun(startS, durationS, twin, draws.part(2).uniform())],
  };
}

/** Bounds of pieces as control steps, in an order in which neither time nor its reverse is seen. */
function pieceOrder(draws: Draws, durationS: number): readonly (readonly [number, number])[] {
  const steps = Math.ceil(durationS * CONTROL_HZ);
  const bounds = [0];
  while (bounds.at(-1)! < steps)
    bounds.push(
      Math.min(steps, bounds.at(-1)! + Math.max(2, Math.round(draws.between(...PIECE_S) * CONTROL_HZ))),
    );
  const pieces = bounds.slice(1).map((end, index) => [bounds[index]!, end] as const);
  if (pieces.length < 4) return pieces.toReversed();
  let best = draws.shuffled(pieces);
  for (let attempt = 0; attempt < 20 && Math.abs(rankCorrelation(best, pieces)) > 0.15; attempt++) {
    const other = draws.shuffled(pieces);
    if (Math.abs(rankCorrelation(other, pieces)) < Math.abs(rankCorrelation(best, pieces))) best = other;
  }
  return best;
}

/** Spearman's, between the order of pieces and time. */
function rankCorrelation<T>(order: readonly T[], inTime: readonly T[]): number {
  const count = order.length;
  const squares = order.reduce((sum, piece, index) => sum + (inTime.indexOf(piece) - index) ** 2, 0);
  return 1 - (6 * squares) / (count * (count ** 2 - 1));
}

function inOrder(track: Float64Array, order: readonly (readonly [number, number])[]): Float64Array {
  const result = new Float64Array(track.length);
  let at = 0;
  for (const [from, to] of order) {
    result.set(track.subarray(from, to), at);
    at += to - from;
  }
  return result.fill(result[at - 1]!, at);
}

/** Passes of a mean over three control steps: together a bell of half a second's deviation. */
const PASSES = 8;

/** Pieces pass into each other within a second or two, as a rhythm that fluctuates does. */
function smoothed(track: Float64Array): Float64Array {
  let smooth = track;
  for (let pass = 0; pass < PASSES; pass++)
    smooth = smooth.map((value, index, all) => {
      const before = all[index - 1] ?? value;
      const after = all[index + 1] ?? value;
      return 0.25 * before + 0.5 * value + 0.25 * after;
    });
  return smooth;
}

/** Of all generators together, 1 at its root mean square. */
function envelope({ generators, frequency }: RhythmCourse): Float64Array {
  const sum = frequency.map((_, step) =>
    Math.sqrt(generators.reduce((total, { amplitude }) => total + amplitude[step]! ** 2, 0)),
  );
  const level = Math.sqrt(meanSquare(sum));
  return sum.map((value) => value / level);
}

function meanSquare(track: Float64Array): number {
  return track.reduce((sum, value) => sum + value ** 2, 0) / track.length;
}

function otherPlaces(draws: Draws, count: number): string[] {
  const shuffled = draws.part(3).shuffled(SCALP);
  return Array.from({ length: count }, (_, index) => shuffled[index % shuffled.length]!);
}
