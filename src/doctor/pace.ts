import { numberIn, type RunEvent } from '../runs/index.ts';
import type { StepPace } from './run-subject.ts';

/** Steps looked at. */
const MOST_STEPS = 500;
const FEWEST_STEPS = 4;

/** The events of the last session. */
export function lastSession(events: readonly RunEvent[]): readonly RunEvent[] {
  const start = events.findLastIndex(({ kind }) => kind === 'resumed');
  return start < 0 ? events : events.slice(start);
}

/**
 * What the last steps took; null where there are too few to say.
 *
 * @param windowsPerStep of a full step
 * @param ahead steps that readers can be ahead of the loop
 */
export function paceOf(
  events: readonly RunEvent[],
  { windowsPerStep, ahead }: { readonly windowsPerStep: number; readonly ahead: number },
): StepPace | null {
  const sum = { steps: 0, windows: 0, seconds: 0, waitedS: 0, copiedS: 0, waitedAtEpochsS: 0 };
  const utilisations: number[] = [];
  // The first step of all includes what happens once; the log may begin in the middle of an epoch.
  let sinceEpoch = 0;
  for (const event of events.slice(-MOST_STEPS)) {
    if (event.kind === 'epoch' || event.kind === 'resumed' || event.kind === 'data_set') sinceEpoch = 0;
    if (event.kind !== 'step') continue;
    const rate = numberIn(event, 'windows_per_s');
    const isFirst = sinceEpoch++ === 0 && sum.steps === 0;
    if (rate === null || !(rate > 0) || isFirst) continue;
    const seconds = windowsPerStep / rate;
    const waited = seconds * (numberIn(event, 'waiting_share') ?? 0);
    sum.steps++;
    sum.windows += windowsPerStep;
    sum.seconds += seconds;
    sum.waitedS += waited;
    sum.copiedS += seconds * (numberIn(event, 'copying_share') ?? 0);
    if (sinceEpoch <= ahead) sum.waitedAtEpochsS += waited;
    const utilisation = numberIn(event, 'gpu_utilisation');
    if (utilisation !== null) utilisations.push(utilisation);
  }
  if (sum.steps < FEWEST_STEPS) return null;
  return {
    ...sum,
    gpuUtilisation:
      utilisations.length === 0
        ? null
        : utilisations.reduce((total, value) => total + value, 0) / utilisations.length,
  };
}

/** Share of the time from which waiting is too much: the goal is 1 %. */
const MOST_WAITING = 0.1;
/** Waiting in all from which it is worth a word: a short try waits while its readers start. */
const LEAST_WAITED_S = 2;

/** Whether the loop waited for its readers. */
export function isStarved(pace: StepPace | null): pace is StepPace {
  return pace !== null && pace.waitedS >= LEAST_WAITED_S && pace.waitedS > MOST_WAITING * pace.seconds;
}

/** Windows a second that the steps would take if none had to be waited for. */
export function neededRate({ windows, seconds, waitedS }: StepPace): number {
  return windows / Math.max(1e-9, seconds - waitedS);
}
