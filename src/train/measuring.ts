import { openParts } from '../score/index.ts';
import { MEASUREMENTS, type Measured, type MeasurementKind } from './measurements.ts';
import { MeasuringThreads } from './measuring-threads.ts';

/** Measures recordings that are predicted one after the other. */
export interface Measuring<Kind extends MeasurementKind> extends AsyncDisposable {
  /**
   * Resolves once another recording may come. Probabilities and labels may be changed then.
   *
   * @throws BgbError what measuring this recording or, in threads, an earlier one threw
   */
  add(recording: Measured[Kind]['recording']): Promise<void>;
  /** Over all recordings. @throws BgbError as {@link add} */
  results(): Promise<Measured[Kind]['results']>;
}

/** An hour takes about 0.1 s; threads take half a second to start. */
export const FEWEST_HOURS_FOR_THREADS = 4;

/**
 * In threads, beside the prediction of what comes next, where there is enough to measure. The results are the same.
 *
 * @param hours of all recordings together
 */
export function openMeasuring<Kind extends MeasurementKind>(
  kind: Kind,
  settings: Measured[Kind]['settings'],
  hours: number,
): Measuring<Kind> {
  if (hours >= FEWEST_HOURS_FOR_THREADS) return new MeasuringThreads(kind, settings);
  const parts = openParts(MEASUREMENTS[kind], settings);
  return {
    add: async (recording) => parts.add(recording),
    results: async () => parts.result(),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
