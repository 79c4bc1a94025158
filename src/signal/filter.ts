import type { Section } from './filter-design.ts';

/**
 * Filters forwards and backwards through all sections, so that no frequency is delayed: odd extension at both
 * ends and the state of a constant input at each start (Gustafsson 1996, section II; scipy.signal.sosfiltfilt
 * and filtfilt). A signal no longer than the padding is padded by one sample less than its length.
 *
 * @param padding samples of extension
 */
export function filterBothWays(
  sections: readonly Section[],
  signal: Float64Array,
  padding: number,
): Float64Array {
  const pad = Math.min(padding, signal.length - 1);
  const extended = oddExtension(signal, pad);
  cascade(sections, extended);
  extended.reverse();
  cascade(sections, extended);
  extended.reverse();
  return extended.slice(pad, pad + signal.length);
}

/** SciPy's default padding: three times the filter's length. */
export function defaultPadding(sections: number): number {
  return 3 * (2 * sections + 1);
}

function oddExtension(signal: Float64Array, pad: number): Float64Array {
  const length = signal.length;
  const extended = new Float64Array(length + 2 * pad);
  extended.set(signal, pad);
  for (let i = 1; i <= pad; i++) {
    extended[pad - i] = 2 * signal[0]! - signal[i]!;
    extended[pad + length - 1 + i] = 2 * signal[length - 1]! - signal[length - 1 - i]!;
  }
  return extended;
}

// Direct form II transposed, in place. Each section starts in the steady state of the first value.
function cascade(sections: readonly Section[], signal: Float64Array): void {
  let constant = signal[0]!;
  for (const [b0, b1, b2, a1, a2] of sections) {
    const gain = (b0 + b1 + b2) / (1 + a1 + a2);
    let state1 = constant * (gain - b0);
    let state2 = constant * (b2 - a2 * gain);
    for (let i = 0; i < signal.length; i++) {
      const input = signal[i]!;
      const output = b0 * input + state1;
      state1 = b1 * input - a1 * output + state2;
      state2 = b2 * input - a2 * output;
      signal[i] = output;
    }
    constant *= gain;
  }
}
