import type { Placement } from '../annotations/index.ts';
import { type EdfRecording, sampleSeconds } from '../edf/index.ts';
import type { PreprocessedSegment } from '../signal/index.ts';
import { BACKGROUND, EXCLUDED, SEIZURE } from './labels.ts';

export interface LabelMask {
  /** (N): 0 background, 1 seizure, 2 excluded */
  readonly labels: Uint8Array;
  /** `[first row, rows]` of what is excluded from training but background where it is scored. */
  readonly scoredAsBackground: readonly (readonly [number, number])[];
}

/**
 * A recording's labels, sample by sample, exactly as long as its signal (failures A4): background but for what the
 * annotation says otherwise. A seizure wins over what is excluded, and that over what is only not trained on.
 */
export function labelMask(
  { seizures, unlabelled, excluded, untrained }: Placement,
  recording: EdfRecording,
  segments: readonly PreprocessedSegment[],
  sampleRate: number,
): LabelMask {
  const labels = new Uint8Array(segments.reduce((sum, { rows }) => sum + rows, 0));
  const mark = (parts: readonly { startS: number; endS: number }[], value: number) => {
    for (const { startS, endS } of parts)
      recording.segments.forEach((segment, index) => {
        const { firstRow, rows } = segments[index]!;
        const row = (seconds: number) =>
          Math.max(0, Math.min(rows, Math.round(sampleSeconds(recording, segment, seconds) * sampleRate)));
        labels.fill(value, firstRow + row(startS), firstRow + row(endS));
      });
  };
  mark(untrained, UNTRAINED);
  mark(excluded, EXCLUDED);
  mark(unlabelled, EXCLUDED);
  mark(seizures, SEIZURE);
  const scoredAsBackground: [number, number][] = [];
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] !== UNTRAINED) continue;
    labels[row] = EXCLUDED;
    const last = scoredAsBackground.at(-1);
    if (last !== undefined && last[0] + last[1] === row) last[1]++;
    else scoredAsBackground.push([row, 1]);
  }
  return { labels, scoredAsBackground };
}

/** Only in here: entries hold {@link EXCLUDED} and the rows apart. */
const UNTRAINED = 3;

/** Labels for scoring: changes them in place. */
export function scoredLabels(
  labels: Uint8Array,
  scoredAsBackground: readonly (readonly [number, number])[],
): Uint8Array {
  for (const [firstRow, rows] of scoredAsBackground) labels.fill(BACKGROUND, firstRow, firstRow + rows);
  return labels;
}
