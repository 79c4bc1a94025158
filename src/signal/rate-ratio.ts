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

/**
 * Samples that resampling makes of so many, at least one: `ceil` is what {@link resamplePoly} makes, `round` and
 * `int` are what callers of {@link resample} in Python ask for with functions of these names.
 */
export function resampledLength(
  samples: number,
  { up, down }: Ratio,
  length: 'ceil' | 'round' | 'int',
): number {
  const exact = (samples * up) / down;
  const below = Math.floor(exact);
  if (length === 'ceil') return Math.ceil(exact);
  if (length === 'int') return Math.max(1, below);
  const isHalfway = exact - below === 0.5;
  return Math.max(1, isHalfway ? below + (below % 2) : Math.round(exact));
}
