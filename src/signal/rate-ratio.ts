import { InputError } from '../errors.ts';

/** A ratio of rates in lowest terms. */
export interface Ratio {
  readonly up: number;
  readonly down: number;
}

/**
 * The ratio between two sampling rates.
 *
 * @throws InputError `RESAMPLE_RATE` when no ratio of whole numbers up to 10,000 is near it
 */
export function rateRatio(from: number, to: number): Ratio {
  for (let down = 1; down <= 10_000; down++) {
    const up = (to / from) * down;
    if (Math.round(up) >= 1 && Math.abs(up - Math.round(up)) < 1e-9 * up && Math.round(up) <= 10_000)
      return { up: Math.round(up), down };
  }
  throw new InputError(
    'RESAMPLE_RATE',
    `No ratio of whole numbers leads from ${from} Hz to ${to} Hz; choose another data.sampling_rate.`,
  );
}
