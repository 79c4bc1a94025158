/** A complex number: for poles and zeros, not for signals. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const real = (re: number): Complex => ({ re, im: 0 });
export const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const subtract = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
export const scale = (a: Complex, factor: number): Complex => ({ re: a.re * factor, im: a.im * factor });
export const absolute = ({ re, im }: Complex): number => Math.hypot(re, im);

export const multiply = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});

/** Smith, Communications of the ACM 5, 1962. */
export const divide = (a: Complex, b: Complex): Complex => {
  if (Math.abs(b.re) >= Math.abs(b.im)) {
    const ratio = b.im / b.re;
    const share = 1 / (b.re + b.im * ratio);
    return { re: (a.re + a.im * ratio) * share, im: (a.im - a.re * ratio) * share };
  }
  const ratio = b.re / b.im;
  const share = 1 / (b.im + b.re * ratio);
  return { re: (a.re * ratio + a.im) * share, im: (a.im * ratio - a.re) * share };
};

/** The root with a real part of at least 0. The smaller part comes from the larger, so that nothing cancels. */
export const squareRoot = ({ re, im }: Complex): Complex => {
  if (re === 0 && im === 0) return { re: 0, im: 0 };
  const larger = Math.sqrt((Math.hypot(re, im) + Math.abs(re)) / 2);
  const smaller = im / (2 * larger);
  return re >= 0 ? { re: larger, im: smaller } : { re: Math.abs(smaller), im: im < 0 ? -larger : larger };
};

export const product = (factors: readonly Complex[]): Complex => factors.reduce(multiply, real(1));

/** Real parts of the coefficients of the polynomial with these roots, highest power first. */
export function polynomial(roots: readonly Complex[]): number[] {
  let coefficients: Complex[] = [real(1)];
  for (const root of roots)
    coefficients = Array.from({ length: coefficients.length + 1 }, (_, index) =>
      subtract(coefficients[index] ?? real(0), multiply(root, coefficients[index - 1] ?? real(0))),
    );
  return coefficients.map(({ re }) => re);
}
