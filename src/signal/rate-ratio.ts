import { InputError } from '../errors.ts';

/** A ratio of rates in lowest terms. */
export interface Ratio {
  readonly up: number;
  readonly down: number;
}

/** A filter of so many phases takes some 140 MB. */
const LARGEST = 400_000;
/** Shares of a rate; a day is off by 0.2 s at the larger one, a tenth of what recorders' clocks are. */
const SAME = 1e-9;
const NEAR = 2.5e-6;

/**
 * The ratio between two sampling rates: the simplest within 1e-9, by continued fractions. Rates of data records such as
 * 0.996 or 0.333333 s have none of small numbers; of theirs the nearest with numbers up to 400,000 is taken.
 *
 * @throws InputError `RESAMPLE_RATE` when none is within 2.5e-6
 */
export function rateRatio(from: number, to: number): Ratio {
  const wanted = to / from;
  let [before, nearest]: [Ratio, Ratio] = [
    { up: 0, down: 1 },
    { up: 1, down: 0 },
  ];
  const isWithin = ({ up, down }: Ratio, share: number) => Math.abs(up - wanted * down) <= share * up;
  for (let rest = wanted; !isWithin(nearest, SAME); ) {
    const whole = Math.floor(rest);
    const next = { up: whole * nearest.up + before.up, down: whole * nearest.down + before.down };
    if (!(Math.max(next.up, next.down) <= LARGEST)) break;
    [before, nearest] = [nearest, next];
    rest = 1 / (rest - whole);
  }
  if (nearest.up >= 1 && nearest.down >= 1 && isWithin(nearest, NEAR)) return nearest;
  throw new InputError(
    'RESAMPLE_RATE',
    `No ratio of whole numbers up to ${LARGEST} leads from ${from} Hz to ${to} Hz; choose another data.sampling_rate.`,
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
