import { basename, join } from 'node:path';
import { findAnnotation, placeSeizures, writeCsvBi } from '../annotations/index.ts';
import { listRecordings, patientOf } from '../cache/index.ts';
import { type EdfRecording, openEdf, readDigital, writeEdf } from '../edf/index.ts';
import { InputError } from '../errors.ts';

/** A stretch of one recording that is all seizure or all background, now a recording of its own. */
export interface CutSegment {
  readonly patient: string;
  readonly name: string;
  readonly isSeizure: boolean;
}

/**
 * Cuts every recording below a folder into segments of equal length, each all seizure or all background, and
 * writes them as EDF files with annotations, one folder a patient. In the clips the background comes first and
 * the seizure second: kept together, time since the start would tell them apart.
 *
 * Pre-ictal stretches end at the seizure's onset; what follows a seizure is neither and is left out.
 *
 * @throws InputError `DEMO_SAMPLE` when no segment of either kind can be cut
 */
export async function cutSegments(
  sampleDir: string,
  outputDir: string,
  lengthS: number,
): Promise<CutSegment[]> {
  const cut: CutSegment[] = [];
  for (const name of await listRecordings(sampleDir)) {
    const recording = await openEdf(join(sampleDir, name));
    const patient = patientOf(name);
    for (const { startS, isSeizure } of await stretches(recording, lengthS)) {
      const kind = isSeizure ? 'seizure' : 'background';
      const stem = basename(name).replace(/_clip.*$/, '');
      const segment = { patient, isSeizure, name: `${stem}_${kind}_${startS}s` };
      await writeSegment(recording, startS, lengthS, join(outputDir, patient, segment.name), isSeizure);
      cut.push(segment);
    }
  }
  if (!cut.some(({ isSeizure }) => isSeizure) || !cut.some(({ isSeizure }) => !isSeizure))
    throw new InputError(
      'DEMO_SAMPLE',
      `${sampleDir} gives no segments of ${lengthS} s of both kinds, seizure and background. The sample is incomplete; get it again.`,
    );
  return cut;
}

async function stretches(
  recording: EdfRecording,
  lengthS: number,
): Promise<{ startS: number; isSeizure: boolean }[]> {
  const annotation = await findAnnotation(recording);
  if (annotation === null) return [];
  const { seizures } = placeSeizures(annotation, recording.segments, 1 / 256);
  const onsetS = Math.min(
    ...annotation.events.filter(({ meaning }) => meaning === 'seizure').map(({ startS }) => startS),
  );
  const ictal = seizures.flatMap(({ startS, endS }) =>
    Array.from({ length: Math.floor((endS - startS) / lengthS) }, (_, i) => ({
      startS: startS + i * lengthS,
      isSeizure: true,
    })),
  );
  const preictal = recording.segments.flatMap((segment) =>
    Array.from({ length: Math.floor(segment.durationS / lengthS) }, (_, i) => segment.startS + i * lengthS)
      .filter((startS) => startS + lengthS <= onsetS)
      .map((startS) => ({ startS, isSeizure: false })),
  );
  return [...preictal, ...ictal];
}

async function writeSegment(
  recording: EdfRecording,
  startS: number,
  lengthS: number,
  path: string,
  isSeizure: boolean,
) {
  const segment = recording.segments.find(
    (each) => startS >= each.startS && startS + lengthS <= each.startS + each.durationS,
  )!;
  const indices = recording.signals.map((_, index) => index);
  const digital = await readDigital(recording, indices, segment);
  await writeEdf(`${path}.edf`, {
    patient: recording.patient,
    recording: recording.recording,
    startedAt: recording.startedAt ?? '1985-01-01T00:00:00',
    recordDurationS: recording.recordDurationS,
    signals: recording.signals.map((signal, index) => {
      const first = Math.round((startS - segment.startS) * signal.sampleRate);
      return {
        ...signal,
        digital: digital[index]!.subarray(first, first + Math.round(lengthS * signal.sampleRate)),
      };
    }),
  });
  const events = isSeizure ? [{ startS: 0, endS: lengthS, confidence: 1 }] : [];
  await writeCsvBi(`${path}.csv_bi`, { name: basename(path), durationS: lengthS, events });
}
