/** What decides where a discontinuous recording has holes. */
export interface RecordClock {
  readonly recordDurationS: number;
  /** Of the fastest signal, Hz; 0 without signals. */
  readonly fastestRate: number;
}

export function clockOf({
  signals,
  recordDurationS,
}: {
  readonly signals: readonly { readonly sampleRate: number }[];
  readonly recordDurationS: number;
}): RecordClock {
  const fastestRate = signals.reduce((most, { sampleRate }) => Math.max(most, sampleRate), 0);
  return { recordDurationS, fastestRate };
}

/** Writers round the times of records to milliseconds; what is within that is no hole. */
const TIME_ROUNDING_S = 0.00051;

/** Half a sample of the fastest signal, or a writer's rounding. */
export function timeToleranceS(clock: RecordClock): number {
  return withinRecord(Math.max(0.5 / Math.max(1, clock.fastestRate), TIME_ROUNDING_S), clock);
}

/** As {@link timeToleranceS} for the time between two records: each of the two may be rounded. */
export function stepToleranceS(clock: RecordClock): number {
  return withinRecord(Math.max(timeToleranceS(clock), 2 * TIME_ROUNDING_S), clock);
}

/** Whatever the tolerance, a record starts after the one ahead of it. */
function withinRecord(toleranceS: number, { recordDurationS }: RecordClock): number {
  return Math.min(toleranceS, recordDurationS / 2);
}
