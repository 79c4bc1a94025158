import { extname, join } from 'node:path';
import { findAnnotation, labelRules, placeSeizures } from '../annotations/index.ts';
import { patientOf } from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import { openEdf } from '../edf/index.ts';
import { InputError } from '../errors.ts';
import { deriveMontage } from '../signal/index.ts';
import type { RecordingPlace, TriedRecording } from './subject.ts';

/** What recordings are tried with. */
interface Trial {
  readonly data: Pick<Config['data'], 'labels' | 'sampling_rate'>;
  /** null where nobody has said which channels are wanted. */
  readonly preprocessing: Config['preprocessing'] | null;
  /** At most so many, spread over all. */
  readonly most: number;
}

/** What a build would say of recordings, as far as headers and annotations tell; each takes some milliseconds. */
export async function tryRecordings(
  places: readonly RecordingPlace[],
  trial: Trial,
): Promise<TriedRecording[]> {
  const step = Math.max(1, places.length / trial.most);
  const tried: TriedRecording[] = [];
  for (let at = 0; at < places.length; at += step) {
    const { folder, name, entry } = places[Math.floor(at)]!;
    tried.push({
      name: entry.replace(/\.npz$/, extname(name)),
      ...(await tryRecording(join(folder, name), trial)),
    });
  }
  return tried;
}

async function tryRecording(
  path: string,
  { data, preprocessing }: Trial,
): Promise<Omit<TriedRecording, 'name'>> {
  let recordedS = 0;
  const failed = (kind: 'unlabelled' | 'rejected', reason: string) => ({
    recordedS,
    labels: {},
    problem: { kind, reason },
  });
  try {
    const recording = await openEdf(path);
    recordedS = recording.durationS;
    const annotation = await findAnnotation(recording, labelRules(data.labels));
    if (annotation === null) return failed('unlabelled', 'no annotation was found');
    if (preprocessing !== null) deriveMontage(preprocessing, recording.signals, path);
    const placed = placeSeizures(annotation, recording.segments, 1 / data.sampling_rate);
    const labels = { ...placed.seizureSecondsByLabel, ...placed.excludedSecondsByLabel };
    return { recordedS, labels, problem: null };
  } catch (error) {
    if (error instanceof InputError) return failed('rejected', error.message);
    throw error;
  }
}

/** Recordings whose names do not tell whose they are, by the configuration's pattern or the corpora's rules; as entries are called. */
export function namelessOf(
  places: readonly RecordingPlace[],
  pattern: string | null,
  /** Whether entries lie below a folder's name, which is none of the recording's own. */
  isBelowFolder: boolean,
): string[] {
  return places
    .filter(({ entry }) => {
      try {
        patientOf(isBelowFolder ? entry.slice(entry.indexOf('/') + 1) : entry, pattern);
        return false;
      } catch (error) {
        if (error instanceof InputError) return true;
        throw error;
      }
    })
    .map(({ name, entry }) => entry.replace(/\.npz$/, extname(name)));
}
