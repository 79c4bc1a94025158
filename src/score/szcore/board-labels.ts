import type { TimeSpan } from '../time-spans.ts';
import { SampleRuns } from './sample-runs.ts';
import type { AnnotatedRecording } from './sample-scoring.ts';

/**
 * A recording as SzCORE's board (szcore-evaluation 0.0.7 with epilepsy2bids 0.0.7) sees it before it scores: as labels
 * at 1 Hz, of which the samples from the event's start to its end, both cut off to whole seconds, are on; what is left
 * of a second at the recording's end is dropped.
 */
export function boardRecording({ events, durationS }: AnnotatedRecording): AnnotatedRecording {
  const length = Math.max(0, Math.trunc(durationS));
  const runs = new SampleRuns(events.map((event) => wholeSeconds(event, length))).runs;
  return { events: runs.map(({ start, end }) => ({ startS: start, endS: end })), durationS: length };
}

function wholeSeconds({ startS, endS }: TimeSpan, length: number) {
  const [start, end] = [startS, endS].map((seconds) => {
    const second = Math.trunc(seconds);
    return second < 0 ? Math.max(0, second + length) : Math.min(second, length);
  }) as [number, number];
  return end > start ? { start, end } : null;
}
