import { basename, dirname, join } from 'node:path';
import {
  type AnnotationContent,
  JSON_ENDING,
  writeBgbJson,
  writeBidsEvents,
  writeCsvBi,
} from '../annotations/index.ts';

export const PREDICTION_FORMATS = ['csv_bi', 'szcore', 'json'] as const;
export type PredictionFormat = (typeof PREDICTION_FORMATS)[number];

/** An event that is to be written. */
type Event = AnnotationContent['events'][number];

const ENDINGS: Readonly<Record<PredictionFormat, string>> = {
  csv_bi: '.csv_bi',
  szcore: '_events.tsv',
  json: JSON_ENDING,
};

/** Seconds between two times that a format tells apart. */
const RESOLUTIONS_S: Readonly<Record<PredictionFormat, number>> = { csv_bi: 1e-4, szcore: 1e-2, json: 0 };

/**
 * Where a recording's predictions go: its own relative path with the format's ending; of BIDS's `X_eeg.edf` the
 * `X_events.tsv`.
 *
 * @param recording relative to the folder that was given
 */
export function predictionPath(recording: string, format: PredictionFormat): string {
  const name = basename(recording).replace(/\.(edf|bdf)$/i, '');
  return join(
    dirname(recording),
    `${format === 'szcore' ? name.replace(/_eeg$/, '') : name}${ENDINGS[format]}`,
  );
}

/** Whether a path to write to is meant as a file of this format, not as a folder. */
export function isPredictionFile(path: string, format: PredictionFormat): boolean {
  return { csv_bi: /\.csv_bi$/, szcore: /\.tsv$/, json: /\.json$/ }[format].test(path);
}

/** Writes a recording's predictions, atomically. */
export async function writePrediction(
  path: string,
  format: PredictionFormat,
  content: AnnotationContent,
  source: Readonly<Record<string, unknown>>,
): Promise<void> {
  const writable = { ...content, events: writableEvents(content, RESOLUTIONS_S[format]) };
  if (format === 'csv_bi') await writeCsvBi(path, writable);
  else if (format === 'szcore') await writeBidsEvents(path, writable);
  else await writeBgbJson(path, writable, source);
}

/**
 * Events as the format can hold them: within the recording, confidences from 0 to 1. What is shorter than two steps of
 * the format becomes as long, so that it is not lost; if it then meets another event, they are one.
 */
function writableEvents({ durationS, events }: AnnotationContent, resolutionS: number): Event[] {
  const widened = events.map(({ startS, endS, confidence }) => {
    const shortest = Math.min(2 * resolutionS, durationS);
    const from = Math.max(0, Math.min(startS, durationS - shortest));
    const to = Math.min(durationS, Math.max(endS, from + shortest));
    return { startS: from, endS: to, confidence: Math.min(1, Math.max(0, confidence)) };
  });
  const apart: Event[] = [];
  for (const event of widened.sort((a, b) => a.startS - b.startS)) {
    const last = apart.at(-1);
    if (last === undefined || event.startS >= last.endS) apart.push(event);
    else
      apart[apart.length - 1] = {
        startS: last.startS,
        endS: Math.max(last.endS, event.endS),
        confidence: Math.max(last.confidence, event.confidence),
      };
  }
  return apart.filter(({ startS, endS }) => endS > startS);
}
