import { type RecordClock, timeToleranceS } from './record-clock.ts';
import { RecordJoiner } from './record-joiner.ts';
import type { EdfRecording, EdfWarning, Segment } from './recording.ts';

/**
 * Segments of a discontinuous recording, as {@link RecordJoiner} joins its records. Where the recorder's clock drifts,
 * times follow the records instead of the header's rate (`EDF_DRIFT`).
 *
 * @param startsS of each data record, from the first
 * @throws InputError `EDF_TIME` where a record starts before the one ahead of it ends
 */
export function joinRecords(
  startsS: readonly number[],
  clock: RecordClock,
  path: string,
  warnings: EdfWarning[],
): Segment[] {
  const joiner = new RecordJoiner(clock, path);
  const firsts: number[] = [];
  for (let record = 0; record < startsS.length; record++) {
    // The record ahead of the one that is given is placed; the last one at the end.
    if (joiner.push(startsS[record]!)?.isFirst) firsts.push(record - 1);
  }
  if (joiner.end()?.isFirst) firsts.push(startsS.length - 1);
  const segments = firsts.map((first, index) =>
    segmentOf(startsS.slice(first, firsts[index + 1]), first, startsS[firsts[index + 1] ?? -1], clock),
  );
  warnOfDrift(segments, clock.recordDurationS, warnings);
  return segments;
}

function segmentOf(
  startsS: readonly number[],
  firstRecord: number,
  nextStartS: number | undefined,
  clock: RecordClock,
): Segment {
  const { recordDurationS } = clock;
  const [startS, lastS, records] = [startsS[0]!, startsS.at(-1)!, startsS.length];
  const tolerance = timeToleranceS(clock);
  const nominal = { startS, durationS: records * recordDurationS, firstRecord, records };
  if (startsS.every((start, at) => Math.abs(start - startS - at * recordDurationS) <= tolerance))
    return nominal;
  // When the last record ended is not recorded; the others lasted so long on average.
  const endS = lastS + (lastS - startS) / (records - 1);
  return {
    ...nominal,
    durationS: Math.min(endS, nextStartS ?? Number.POSITIVE_INFINITY) - startS,
    recordStartsS: startsS,
  };
}

function warnOfDrift(segments: readonly Segment[], recordDurationS: number, warnings: EdfWarning[]): void {
  const drifting = segments
    .filter(({ recordStartsS }) => recordStartsS !== undefined)
    .map(({ startS, durationS, records }) => ({
      startS,
      records,
      driftS: durationS - records * recordDurationS,
    }));
  if (drifting.length === 0) return;
  const most = drifting.reduce((a, b) => (Math.abs(b.driftS) > Math.abs(a.driftS) ? b : a));
  warnings.push({
    code: 'EDF_DRIFT',
    message: `by their own times the ${most.records} data records from ${most.startS} s on take ${Math.abs(most.driftS).toFixed(4)} s ${most.driftS < 0 ? 'less' : 'more'} than ${most.records} times ${recordDurationS} s${drifting.length > 1 ? `, and ${drifting.length - 1} other segments drift too` : ''}; times follow the records`,
  });
}

/**
 * How many seconds of samples, counted at the header's rate, a segment holds up to a time: multiplied with a
 * signal's rate, the position of that time among its samples. The same as `timeS - segment.startS` unless the
 * recorder's clock drifts.
 */
export function sampleSeconds(
  { recordDurationS }: Pick<EdfRecording, 'recordDurationS'>,
  { startS, durationS, recordStartsS }: Pick<Segment, 'startS' | 'durationS' | 'recordStartsS'>,
  timeS: number,
): number {
  if (recordStartsS === undefined) return timeS - startS;
  const after = recordStartsS.findIndex((start) => start > timeS);
  const record = Math.max(0, (after < 0 ? recordStartsS.length : after) - 1);
  const nextS = recordStartsS[record + 1] ?? startS + durationS;
  const share = (timeS - recordStartsS[record]!) / (nextS - recordStartsS[record]!);
  return (record + share) * recordDurationS;
}
