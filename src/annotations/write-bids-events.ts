import { writeAtomic } from '../files/index.ts';
import { type AnnotationContent, eventsToWrite } from './annotation-content.ts';

const COLUMNS = ['onset', 'duration', 'eventType', 'confidence', 'channels', 'dateTime', 'recordingDuration'];
const DECIMALS = 2;

/**
 * Writes seizures as a BIDS `events.tsv` with HED-SCORE types as SzCORE reads it (Dan et al., Epilepsia 2024),
 * atomically: times to 10 ms, `sz` of unknown type on all channels, one row `bckg` over the recording where there is no
 * seizure. A duration is the difference of the rounded times, so that onset and duration give the rounded end.
 *
 * @throws BgbError `ANNOTATION_WRITE` for events that overlap, are outside the recording or shorter than 10 ms
 */
export async function writeBidsEvents(path: string, content: AnnotationContent): Promise<void> {
  const { durationS, startedAt = null } = content;
  const dateTime = startedAt?.replace('T', ' ') ?? 'n/a';
  const row = (startS: number, endS: number, type: string, confidence: string) =>
    [
      startS.toFixed(DECIMALS),
      (endS - startS).toFixed(DECIMALS),
      type,
      confidence,
      'n/a',
      dateTime,
      durationS.toFixed(DECIMALS),
    ].join('\t');
  const rows = eventsToWrite(path, content, DECIMALS).map(({ startS, endS, confidence }) =>
    row(startS, endS, 'sz', confidence.toFixed(DECIMALS)),
  );
  if (rows.length === 0) rows.push(row(0, durationS, 'bckg', 'n/a'));
  await writeAtomic(path, `${[COLUMNS.join('\t'), ...rows].join('\n')}\n`);
}
