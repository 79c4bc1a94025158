import { BANDS, Welch } from '../../score/index.ts';

/** What is measured of each channel in a window; the last four do not change with the gain. */
const CHANNEL_MEASURES = 2 + 5;
const BAND_EDGES = Object.values(BANDS);
export const BAND_NAMES = Object.keys(BANDS) as (keyof typeof BANDS)[];

/** Thirty numbers of a window, as classical detectors use them. */
export const FEATURE_NAMES: readonly string[] = [
  ...['mean', 'largest', 'deviation'].flatMap((over) =>
    ['log RMS', 'log line length', ...BAND_NAMES.map((band) => `log relative ${band}`)].map(
      (name) => `${name}, ${over} over channels`,
    ),
  ),
  ...BAND_NAMES.map((band) => `log ${band} power`),
  'mobility',
  'complexity',
  'log kurtosis',
  'zero crossings',
];

/** A window's plain measures, means over channels, and its thirty features. */
export interface WindowMeasures {
  readonly rms: number;
  readonly lineLength: number;
  /** Microvolts squared, by band. */
  readonly bandPowers: Float64Array;
  /** Of the power from 0.5 to 70 Hz, by band. */
  readonly relativePowers: Float64Array;
  readonly features: Float64Array;
}

/** Measures windows of one length and rate; work space is made once. */
export class WindowMeter {
  readonly #samples: number;
  readonly #channels: number;
  readonly #welch: Welch;
  readonly #channel: Float64Array;

  constructor(samples: number, channels: number, sampleRate: number) {
    this.#samples = samples;
    this.#channels = channels;
    this.#welch = new Welch(sampleRate, Math.min(samples, 2 * sampleRate));
    this.#channel = new Float64Array(samples);
  }

  /** @param value microvolts of a channel at a row of the window */
  measure(value: (row: number, channel: number) => number): WindowMeasures {
    const [samples, channels] = [this.#samples, this.#channels];
    const measures = Array.from({ length: CHANNEL_MEASURES }, () => new Float64Array(channels));
    const bandPowers = new Float64Array(BAND_EDGES.length);
    const relativePowers = new Float64Array(BAND_EDGES.length);
    const shape = new Float64Array(4);
    let [rms, lineLength] = [0, 0];
    for (let channel = 0; channel < channels; channel++) {
      const x = this.#channel;
      for (let row = 0; row < samples; row++) x[row] = value(row, channel);
      const plain = momentsOf(x);
      rms += Math.sqrt(plain.square) / channels;
      lineLength += plain.lineLength / channels;
      measures[0]![channel] = Math.log(Math.sqrt(plain.square) + 1e-3);
      measures[1]![channel] = Math.log(plain.lineLength + 1e-3);
      const powers = bandsOf(this.#welch, x);
      const total = powers.reduce((sum, power) => sum + power, 0) + 1e-9;
      powers.forEach((power, band) => {
        bandPowers[band]! += power / channels;
        relativePowers[band]! += power / total / channels;
        measures[2 + band]![channel] = Math.log(power / total + 1e-6);
      });
      plain.shape.forEach((each, index) => {
        shape[index]! += each / channels;
      });
    }
    const features = Float64Array.from([
      ...measures.map(meanOf),
      ...measures.map((values) => Math.max(...values)),
      ...measures.map(deviationOf),
      ...bandPowers.map((power) => Math.log(power + 1e-6)),
      ...shape,
    ]);
    return { rms, lineLength, bandPowers, relativePowers, features };
  }
}

function momentsOf(x: Float64Array) {
  const count = x.length;
  let [sum, square, fourth, length, crossings, first, second] = [0, 0, 0, 0, 0, 0, 0];
  let before = 0;
  for (let row = 0; row < count; row++) {
    const value = x[row]!;
    sum += value;
    square += value * value;
    fourth += value ** 4;
    if (row === 0) continue;
    const step = value - x[row - 1]!;
    length += Math.abs(step);
    first += step * step;
    second += (step - before) ** 2;
    before = step;
    if (value < 0 !== x[row - 1]! < 0) crossings++;
  }
  const variance = square / count - (sum / count) ** 2 + 1e-9;
  // Hjorth 1970.
  const mobility = Math.sqrt(first / count / variance);
  const complexity = Math.sqrt((second + 1e-9) / (first + 1e-9)) / (mobility + 1e-9);
  const kurtosis = (fourth / count + 1e-12) / (square / count + 1e-6) ** 2;
  return {
    square: square / count,
    lineLength: length,
    shape: [mobility, complexity, Math.log(kurtosis), crossings / count],
  };
}

function bandsOf(welch: Welch, x: Float64Array): number[] {
  const density = welch.density(x);
  const width = welch.frequencies[1]!;
  return BAND_EDGES.map(([low, high]) => {
    let power = 0;
    for (let k = 0; k < density.length; k++)
      if (welch.frequencies[k]! >= low && welch.frequencies[k]! < high) power += density[k]! * width;
    return power;
  });
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviationOf(values: Float64Array): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
