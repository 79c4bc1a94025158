/** A second-order section: b0, b1, b2, a1, a2 (a0 is 1). */
export type Section = readonly [b0: number, b1: number, b2: number, a1: number, a2: number];

interface Complex {
  re: number;
  im: number;
}

const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
const multiply = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
const divide = (a: Complex, b: Complex): Complex => {
  const size = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / size, im: (a.im * b.re - a.re * b.im) / size };
};
const squareRoot = (a: Complex): Complex => {
  const size = Math.hypot(a.re, a.im);
  const re = Math.sqrt((size + a.re) / 2);
  return { re, im: Math.sign(a.im || 1) * Math.sqrt(Math.max(0, (size - a.re) / 2)) };
};

/**
 * Butterworth band-pass of order 3 as second-order sections: the analogue prototype's poles moved to the band,
 * then the bilinear transform with warped edges (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.1;
 * the same filter as scipy.signal.butter(3, band, 'band')).
 *
 * @param band edges in Hz, 0 < low < high < rate / 2
 */
export function butterworthBandpass([low, high]: readonly [number, number], rate: number): Section[] {
  const order = 3;
  const warp = (frequency: number) => 4 * Math.tan((Math.PI * frequency) / rate);
  const width = warp(high) - warp(low);
  const centre = warp(low) * warp(high);
  const poles: Complex[] = [];
  for (let k = 0; k < order; k++) {
    const angle = (Math.PI * (2 * k + order + 1)) / (2 * order);
    const scaled = {
      re: (Math.cos(angle) * width) / 2,
      im: k === (order - 1) / 2 ? 0 : (Math.sin(angle) * width) / 2,
    };
    const square = multiply(scaled, scaled);
    const root = squareRoot({ re: square.re - centre, im: square.im });
    poles.push(add(scaled, root), add(scaled, { re: -root.re, im: -root.im }));
  }
  // Analogue zeros: 3 at 0 and 3 at infinity, which the bilinear transform (z = (4 + s) / (4 - s)) takes to 1 and -1.
  const digital = poles.map((pole) => divide(add({ re: 4, im: 0 }, pole), { re: 4 - pole.re, im: -pole.im }));
  const gain = poles.reduce((product, pole) => multiply(product, { re: 4 - pole.re, im: -pole.im }), {
    re: 1,
    im: 0,
  });
  const overall = (width * 4) ** order / gain.re;
  const real = digital.filter(({ im }) => Math.abs(im) < 1e-12).map(({ re }) => re);
  const upper = digital.filter(({ im }) => im >= 1e-12);
  const quadratics = upper.map(({ re, im }): [number, number] => [-2 * re, re * re + im * im]);
  for (let i = 0; i + 1 < real.length; i += 2)
    quadratics.push([-(real[i]! + real[i + 1]!), real[i]! * real[i + 1]!]);
  const share = Math.cbrt(overall);
  return quadratics.map(([a1, a2]): Section => [share, 0, -share, a1, a2]);
}

/**
 * Second-order notch (Orfanidis, Introduction to Signal Processing, 11.3; the same as scipy.signal.iirnotch).
 *
 * @param frequency Hz, below rate / 2
 * @param quality centre over width at -3 dB
 */
export function notch(frequency: number, quality: number, rate: number): Section {
  const centre = (2 * Math.PI * frequency) / rate;
  const beta = Math.tan(centre / quality / 2);
  const gain = 1 / (1 + beta);
  const middle = -2 * Math.cos(centre) * gain;
  return [gain, middle, gain, middle, 2 * gain - 1];
}
