import { InputError } from '../errors.ts';
import { SectionFilter, sosfiltZi } from './sosfilt.ts';
import type { Section } from './zeros-poles.ts';

/**
 * Filters forwards and backwards through second-order sections, so that no frequency is delayed
 * (scipy.signal.sosfiltfilt): odd extension at both ends, and each pass starts in the state of a constant input
 * (Gustafsson 1996, section II).
 *
 * @param x (n), longer than the extension
 * @param padlen samples of extension at each end; {@link defaultPadlen} by default
 * @throws InputError `SIGNAL_LENGTH` for a signal no longer than the extension
 */
export function sosfiltfilt(
  sections: readonly Section[],
  x: ArrayLike<number>,
  { padlen = defaultPadlen(sections) }: { readonly padlen?: number } = {},
): Float64Array {
  const filter = new SectionFilter(sections);
  if (!Number.isSafeInteger(padlen) || padlen < 0 || x.length <= padlen)
    throw new InputError(
      'SIGNAL_LENGTH',
      `sosfiltfilt: expected a signal longer than its extension of ${padlen} samples, found ${x.length}.`,
    );
  const extended = oddExtension(x, padlen);
  const constant = sosfiltZi(sections);
  for (let pass = 0; pass < 2; pass++) {
    filter.setState(constant.map((value) => value * extended[0]!));
    filter.apply(extended);
    extended.reverse();
  }
  return extended.subarray(padlen, padlen + x.length);
}

/** Three times the filter's length; zeros and poles at 0, one a section, shorten it (SciPy's default). */
export function defaultPadlen(sections: readonly Section[]): number {
  const withoutB2 = sections.filter(([, , b2]) => b2 === 0).length;
  const withoutA2 = sections.filter(([, , , , , a2]) => a2 === 0).length;
  return 3 * (2 * sections.length + 1 - Math.min(withoutB2, withoutA2));
}

function oddExtension(x: ArrayLike<number>, padlen: number): Float64Array {
  const { length } = x;
  const extended = new Float64Array(length + 2 * padlen);
  extended.set(x, padlen);
  for (let i = 1; i <= padlen; i++) {
    extended[padlen - i] = 2 * x[0]! - x[i]!;
    extended[padlen + length - 1 + i] = 2 * x[length - 1]! - x[length - 1 - i]!;
  }
  return extended;
}
