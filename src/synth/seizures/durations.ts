import type { DurationLaw } from '../profile.ts';

/** Standard normal quantile of 0.95. */
const Z95 = 1.6448536269514722;

/** Deviation of the logarithm, from median and 95th percentile. */
function logDeviation({ medianS, p95S }: DurationLaw): number {
  return Math.log(p95S / medianS) / Z95;
}

/**
 * Quantile of the log-normal law, held within its shortest and longest seizure.
 *
 * @param share in (0, 1)
 */
export function durationAt(law: DurationLaw, share: number): number {
  const seconds = law.medianS * Math.exp(logDeviation(law) * normalQuantile(share));
  return Math.max(law.shortestS, Math.min(law.longestS, seconds));
}

/** Mean of the law, by its quantiles. */
export function meanDuration(law: DurationLaw): number {
  const points = 2000;
  let sum = 0;
  for (let index = 0; index < points; index++) sum += durationAt(law, (index + 0.5) / points);
  return sum / points;
}

/** s, log-uniform */
export const ABSENCE_S = [4, 15] as const;

/** s, the quantile of the durations of absences at a share from 0 to 1 */
export function absenceDurationAt(share: number): number {
  return ABSENCE_S[0] * (ABSENCE_S[1] / ABSENCE_S[0]) ** share;
}

/** s */
export function meanAbsenceDuration(): number {
  return (ABSENCE_S[1] - ABSENCE_S[0]) / Math.log(ABSENCE_S[1] / ABSENCE_S[0]);
}

/** Inverse of the standard normal distribution (Acklam's rational approximation, relative error below 1.2e-9). */
export function normalQuantile(share: number): number {
  if (share < 0.02425) return -tail(share);
  if (share > 1 - 0.02425) return tail(1 - share);
  const q = share - 0.5;
  const r = q * q;
  const over =
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
    q;
  const under =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1;
  return over / under;
}

function tail(share: number): number {
  const q = Math.sqrt(-2 * Math.log(share));
  const over =
    ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
    2.938163982698783;
  const under =
    (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q +
    1;
  return -over / under;
}
