import { numberIn, type RunEvent } from './read-events.ts';

/** What the last steps of a run were like; null where they do not say. */
export interface RecentSteps {
  readonly loss: number | null;
  readonly learningRate: number | null;
  readonly windowsPerS: number | null;
  /** Share of the time spent waiting for readers. */
  readonly waitingShare: number | null;
  readonly gpuUtilisation: number | null;
  readonly gpuMemoryBytes: number | null;
}

/** Steps that a mean is over: one alone says little of a loop that runs ahead of a GPU. */
export const RECENT_STEPS = 50;

/** Means over the last steps among these events; loss, rate and memory are those of the last one. */
export function recentSteps(events: readonly RunEvent[]): RecentSteps {
  const steps = events.filter(({ kind }) => kind === 'step').slice(-RECENT_STEPS);
  const of = (field: string) => steps.map((step) => numberIn(step, field));
  const last = (field: string) => of(field).at(-1) ?? null;
  // A step of so many windows takes 1 / windows_per_s of a time unit: means over time, not over steps.
  const timed = steps.flatMap((step) => {
    const rate = numberIn(step, 'windows_per_s');
    return rate !== null && rate > 0 && Number.isFinite(rate)
      ? [{ time: 1 / rate, waiting: numberIn(step, 'waiting_share') }]
      : [];
  });
  const time = sum(timed.map((step) => step.time));
  const waited = timed.filter(({ waiting }) => waiting !== null);
  const waitedTime = sum(waited.map((step) => step.time));
  const utilisations = of('gpu_utilisation').filter((value) => value !== null);
  return {
    loss: last('loss'),
    learningRate: last('learning_rate'),
    windowsPerS: time > 0 ? timed.length / time : null,
    waitingShare: waitedTime > 0 ? sum(waited.map((step) => step.waiting! * step.time)) / waitedTime : null,
    gpuUtilisation: utilisations.length > 0 ? sum(utilisations) / utilisations.length : null,
    gpuMemoryBytes: last('gpu_memory_bytes'),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
