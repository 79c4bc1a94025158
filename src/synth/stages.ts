import { controlTrack, rise } from './control.ts';
import type { Draws } from './draws.ts';
import type { Profile } from './profile.ts';

/** Sleep stages of the American Academy of Sleep Medicine's manual. */
export type Stage = 'wake' | 'n1' | 'n2' | 'n3' | 'rem';

export interface StageSpan {
  readonly stage: Stage;
  readonly startS: number;
  readonly endS: number;
}

/** Minutes that a stage lasts, log-uniform, and what follows it. */
const COURSE: Readonly<
  Record<Stage, { minutes: readonly [number, number]; next: Readonly<Partial<Record<Stage, number>>> }>
> = {
  wake: { minutes: [3, 40], next: { n1: 1 } },
  n1: { minutes: [0.7, 4], next: { n2: 0.65, wake: 0.35 } },
  n2: { minutes: [3, 20], next: { n3: 0.4, rem: 0.25, wake: 0.25, n1: 0.1 } },
  n3: { minutes: [4, 25], next: { n2: 0.85, wake: 0.15 } },
  rem: { minutes: [4, 25], next: { n2: 0.6, wake: 0.4 } },
};

/** Stages of a recording, one after the other without a hole. A longer recording only adds to a shorter one's. */
export function drawStages(draws: Draws, profile: Profile, durationS: number): StageSpan[] {
  const spans: StageSpan[] = [];
  let stage: Stage = draws.weighted(profile.firstStage);
  let startS = 0;
  while (startS < durationS) {
    const { minutes, next } = COURSE[stage];
    const endS = Math.min(durationS, startS + Math.round(60 * draws.logBetween(...minutes)));
    spans.push({ stage, startS, endS });
    startS = endS;
    stage = draws.weighted(next as Record<Stage, number>);
  }
  return spans;
}

/** The stage at a time in s; after the last one, the last. */
export function stageAt(spans: readonly StageSpan[], timeS: number): Stage {
  return spans.find(({ endS }) => timeS < endS)?.stage ?? spans.at(-1)!.stage;
}

/** s, over which one stage becomes the next */
const CHANGE_S = 8;

/** A value of each stage as a track that goes smoothly from stage to stage. */
export function stageTrack(
  spans: readonly StageSpan[],
  durationS: number,
  value: Readonly<Record<Stage, number>>,
): Float64Array {
  let index = 0;
  return controlTrack(durationS, (timeS) => {
    while (index < spans.length - 1 && timeS >= spans[index]!.endS) index++;
    const { stage, startS } = spans[index]!;
    const before = index === 0 ? stage : spans[index - 1]!.stage;
    const share = rise(timeS, startS, startS + CHANGE_S);
    return value[before] * (1 - share) + value[stage] * share;
  });
}
