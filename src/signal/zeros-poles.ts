import { absolute, type Complex, polynomial, real, subtract } from './complex.ts';

/** A filter by its zeros, poles and gain. */
export interface ZerosPolesGain {
  readonly zeros: readonly Complex[];
  readonly poles: readonly Complex[];
  readonly gain: number;
}

/** A filter as a ratio of polynomials in z^-1. */
export interface Polynomials {
  readonly b: Float64Array;
  readonly a: Float64Array;
}

/** A second-order section as SciPy writes it; a0 is 1. */
export type Section = readonly [b0: number, b1: number, b2: number, a0: number, a1: number, a2: number];

/** scipy.signal.zpk2tf */
export function polynomialsOf({ zeros, poles, gain }: ZerosPolesGain): Polynomials {
  return {
    b: Float64Array.from(polynomial(zeros), (value) => value * gain),
    a: Float64Array.from(polynomial(poles)),
  };
}

/**
 * Second-order sections with SciPy's order and pairing (`zpk2sos`, pairing 'nearest'): poles are taken from the
 * one nearest to the unit circle on, each with the zeros nearest to it, and fill the sections from the last to the
 * first; the first section bears the gain.
 */
export function sectionsOf(filter: ZerosPolesGain): Section[] {
  const count = Math.ceil(Math.max(filter.zeros.length, filter.poles.length) / 2);
  if (count === 0) return [[filter.gain, 0, 0, 1, 0, 0]];
  const zeros = halfPlane(filter.zeros, 2 * count);
  const poles = halfPlane(filter.poles, 2 * count);
  const sections: Section[] = [];
  while (sections.length < count) {
    const pole = takeNearest(poles, (each) => Math.abs(1 - absolute(each)));
    const isNearer = (each: Complex) => absolute(subtract(each, pole));
    const otherPole = isReal(pole)
      ? takeNearest(poles, (each) => (isReal(each) ? Math.abs(1 - absolute(each)) : Infinity))
      : conjugate(pole);
    const zero = takeNearest(zeros, isNearer);
    const otherZero = isReal(zero)
      ? takeNearest(zeros, (each) => (isReal(each) ? isNearer(each) : Infinity))
      : conjugate(zero);
    const [, b1, b2] = polynomial([zero, otherZero]);
    const [, a1, a2] = polynomial([pole, otherPole]);
    sections.unshift([1, b1!, b2!, 1, a1!, a2!]);
  }
  const [b0, b1, b2, a0, a1, a2] = sections[0]!;
  sections[0] = [b0 * filter.gain, b1 * filter.gain, b2 * filter.gain, a0, a1, a2];
  return sections;
}

/**
 * Real roots, and of each conjugate pair the one above the real line; filled up with roots at 0. With an even
 * `count` the real ones are even in number, so that each finds its partner.
 */
function halfPlane(roots: readonly Complex[], count: number): Complex[] {
  const filled = [...roots, ...Array.from({ length: count - roots.length }, () => real(0))];
  const isNearlyReal = (root: Complex) => Math.abs(root.im) <= 100 * Number.EPSILON * absolute(root);
  return [
    ...filled.filter((root) => !isNearlyReal(root) && root.im > 0).sort((a, b) => a.re - b.re),
    ...filled
      .filter(isNearlyReal)
      .map(({ re }) => real(re))
      .sort((a, b) => a.re - b.re),
  ];
}

const isReal = ({ im }: Complex) => im === 0;
const conjugate = ({ re, im }: Complex): Complex => ({ re, im: -im });

/** Removes and returns the root with the least distance; of equal ones the first. */
function takeNearest(roots: Complex[], distance: (root: Complex) => number): Complex {
  let nearest = 0;
  roots.forEach((root, index) => {
    if (distance(root) < distance(roots[nearest]!)) nearest = index;
  });
  return roots.splice(nearest, 1)[0]!;
}
