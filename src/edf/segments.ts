import { InputError } from '../errors.ts';
import type { EdfRecording, EdfWarning, Segment } from './recording.ts';

/** Writers round the times of records to milliseconds; what is within that is no hole. */
const TIME_ROUNDING_S = 0.00051;
/** A clock that is further off than this share of a record is not believed to be one. */
const MOST_DRIFT = 0.02;

/** What decides where a discontinuous recording has holes. */
export interface RecordClock {
  readonly recordDurationS: number;
  /** Of the fastest signal, Hz; 0 without signals. */
  readonly fastestRate: number;
}

/**
 * Segments of a discontinuous recording. Data records are joined where one starts when the one before it ends, by
 * the header's rate, or as long after the one before as its neighbours do: then the recorder's clock drifts, and
 * times follow the records instead of the header's rate (`EDF_DRIFT`). Anything else is a hole.
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
  const { recordDurationS } = clock;
  const tolerance = timeToleranceS(clock);
  // Each of two rounded times may be off.
  const stepTolerance = withinRecord(Math.max(tolerance, 2 * TIME_ROUNDING_S), clock);
  /** How much later than the header's rate says record `record` follows the one ahead of it. */
  const lateness = (record: number) => startsS[record]! - startsS[record - 1]! - recordDurationS;
  const isAsNeighbour = (record: number, neighbour: number) =>
    neighbour >= 1 &&
    neighbour < startsS.length &&
    Math.abs(lateness(record) - lateness(neighbour)) <= stepTolerance;
  const isJoined = (record: number, expectedS: number) =>
    Math.abs(startsS[record]! - expectedS) <= tolerance ||
    Math.abs(lateness(record)) <= stepTolerance ||
    (Math.abs(lateness(record)) <= MOST_DRIFT * recordDurationS &&
      (isAsNeighbour(record, record - 1) || isAsNeighbour(record, record + 1)));

  const firsts = [0];
  for (let record = 1; record < startsS.length; record++) {
    const first = firsts.at(-1)!;
    if (isJoined(record, startsS[first]! + (record - first) * recordDurationS)) continue;
    if (lateness(record) < 0)
      throw new InputError(
        'EDF_TIME',
        `${path}: data record ${record} starts at ${startsS[record]} s, before the record ahead of it ends (${startsS[record - 1]! + recordDurationS} s). Its times contradict each other; get the file again.`,
      );
    firsts.push(record);
  }
  const segments = firsts.map((first, index) =>
    segmentOf(startsS.slice(first, firsts[index + 1]), first, startsS[firsts[index + 1] ?? -1], clock),
  );
  warnOfDrift(segments, recordDurationS, warnings);
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

/** Half a sample of the fastest signal, or a writer's rounding. */
export function timeToleranceS(clock: RecordClock): number {
  return withinRecord(Math.max(0.5 / Math.max(1, clock.fastestRate), TIME_ROUNDING_S), clock);
}

/** Whatever the tolerance, a record starts after the one ahead of it. */
function withinRecord(toleranceS: number, { recordDurationS }: RecordClock): number {
  return Math.min(toleranceS, recordDurationS / 2);
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
