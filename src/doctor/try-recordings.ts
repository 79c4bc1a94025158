import { extname, join } from 'node:path';
import { findAnnotation, labelRules, placeSeizures } from '../annotations/index.ts';
import type { Config } from '../config/index.ts';
import { openEdf } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { deriveMontage } from '../signal/index.ts';
import type { RecordingPlace, TriedRecording } from './subject.ts';

/** So many are tried, spread over all; each takes some milliseconds. */
const MOST_TRIED = 30;

/** What a build would say of recordings that have no entry, as far as headers and annotations tell. */
export async function tryRecordings(
  places: readonly RecordingPlace[],
  config: Config,
): Promise<TriedRecording[]> {
  const step = Math.max(1, places.length / MOST_TRIED);
  const tried: TriedRecording[] = [];
  for (let at = 0; at < places.length; at += step) {
    const { folder, name, entry } = places[Math.floor(at)]!;
    tried.push({
      name: entry.replace(/\.npz$/, extname(name)),
      problem: await problemOf(join(folder, name), config),
    });
  }
  return tried;
}

async function problemOf(path: string, { data, preprocessing }: Config): Promise<TriedRecording['problem']> {
  try {
    const recording = await openEdf(path);
    const annotation = await findAnnotation(recording, labelRules(data.labels));
    if (annotation === null) return { kind: 'unlabelled', reason: 'no annotation was found' };
    deriveMontage(preprocessing, recording.signals, path);
    placeSeizures(annotation, recording.segments, 1 / data.sampling_rate);
    return null;
  } catch (error) {
    if (error instanceof InputError) return { kind: 'rejected', reason: error.message };
    throw error;
  }
}
