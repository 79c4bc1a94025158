import { Fourier } from '../../score/index.ts';

/** Samples of a spectrum, and between two of them, at 256 Hz: 2 s, every half second. */
const SPECTRUM = 512;
const STEP = 128;
/** Of the spectra from which a channel's median is taken. */
const MEDIAN_STEP = 8 * STEP;
const LOWEST_HZ = 1.2;
const HIGHEST_HZ = 24;
const PLACES = 28;
const CHANNELS = 4;
const MOST_FRAMES = 400;

/** Frequencies between which a rhythm may go: the pairs that fall, and those that stay or rise. */
const FREQUENCIES = Array.from(
  { length: PLACES },
  (_, place) => LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (place / (PLACES - 1)),
);
const PATHS = FREQUENCIES.flatMap((from) =>
  FREQUENCIES.flatMap((to) => {
    const isFalling = to <= 0.78 * from;
    const isSteady = to <= 1.12 * from && to >= from / 1.12;
    const isRising = to >= from / 0.78;
    return isFalling || isSteady || isRising ? [{ from, to, isFalling }] : [];
  }),
);

/**
 * How much better a falling frequency explains a stretch of EEG than a steady or a rising one. Spectra every half second, each
 * channel's against its own median over the recording, of the four channels in which any of these explains most; then,
 * of all exponential glides from one frequency to another, the best that falls by a fifth or more less the best of the
 * others: mean log power ratios, each spectrum's less their mean, so that muscle over all frequencies counts for nothing.
 *
 * It knows nothing of amplitude: a rhythm that does not evolve scores about 0, however loud.
 */
export class EvolutionMeter {
  readonly #fourier = new Fourier(SPECTRUM);
  readonly #window = Float64Array.from(
    { length: SPECTRUM },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / SPECTRUM),
  );
  readonly #segment = new Float64Array(SPECTRUM);
  readonly #channels: number;
  readonly #rows: number;
  readonly #rate: number;
  readonly #value: (row: number, channel: number) => number;
  readonly #bins: number;
  /** (C, bins) */
  readonly #medians: readonly Float64Array[];

  /** @param value of a channel at a row of the recording */
  constructor(
    value: (row: number, channel: number) => number,
    { rows, channels, rate }: { rows: number; channels: number; rate: number },
  ) {
    this.#value = value;
    this.#rows = rows;
    this.#channels = channels;
    this.#rate = rate;
    this.#bins = Math.ceil((HIGHEST_HZ * SPECTRUM) / rate) + 2;
    this.#medians = Array.from({ length: channels }, (_, channel) => this.#medianOf(channel));
  }

  /** The measure of a stretch, or null where fewer than four spectra lie in it. */
  score(startS: number, endS: number): number | null {
    const first = Math.ceil(startS * this.#rate);
    const fitting = Math.floor((Math.min(this.#rows, endS * this.#rate) - first - SPECTRUM) / STEP) + 1;
    if (fitting < 4) return null;
    // Of a long one every second spectrum, or every third.
    const stride = Math.ceil(fitting / MOST_FRAMES);
    const frames = Math.floor((fitting - 1) / stride) + 1;
    const fits = Array.from({ length: this.#channels }, (_, channel) =>
      this.#fits(channel, first, frames, stride * STEP),
    );
    const strongest = fits.toSorted((a, b) => Math.max(...b) - Math.max(...a)).slice(0, CHANNELS);
    let [falling, other] = [-Infinity, -Infinity];
    PATHS.forEach(({ isFalling }, path) => {
      const fit = strongest.reduce((sum, each) => sum + each[path]!, 0) / strongest.length;
      if (isFalling) falling = Math.max(falling, fit);
      else other = Math.max(other, fit);
    });
    return falling - other;
  }

  /** How well each path explains a channel: mean log power ratio along it. */
  #fits(channel: number, first: number, frames: number, step: number): Float64Array {
    const ratios = new Float64Array(frames * this.#bins);
    const median = this.#medians[channel]!;
    for (let frame = 0; frame < frames; frame++) {
      this.#logSpectrum(channel, first + frame * step, ratios, frame * this.#bins);
      let mean = 0;
      for (let bin = 0; bin < this.#bins; bin++) {
        ratios[frame * this.#bins + bin]! -= median[bin]!;
        mean += ratios[frame * this.#bins + bin]! / this.#bins;
      }
      for (let bin = 0; bin < this.#bins; bin++) ratios[frame * this.#bins + bin]! -= mean;
    }
    return Float64Array.from(PATHS, ({ from, to }) => {
      const ratio = Math.exp(Math.log(to / from) / (frames - 1));
      let place = (from * SPECTRUM) / this.#rate;
      let sum = 0;
      for (let frame = 0; frame < frames; frame++) {
        const bin = place | 0;
        const share = place - bin;
        const at = frame * this.#bins + bin;
        sum += ratios[at]! * (1 - share) + ratios[at + 1]! * share;
        place *= ratio;
      }
      return sum / frames;
    });
  }

  #logSpectrum(channel: number, firstRow: number, into: Float64Array, at: number): void {
    const segment = this.#segment;
    for (let index = 0; index < SPECTRUM; index++)
      segment[index] = this.#value(firstRow + index, channel) * this.#window[index]!;
    const powers = this.#fourier.powers(segment);
    for (let bin = 0; bin < this.#bins; bin++) into[at + bin] = Math.log(powers[bin]! + 1e-6);
  }

  #medianOf(channel: number): Float64Array {
    const spectra: Float64Array[] = [];
    for (let row = 0; row + SPECTRUM <= this.#rows; row += MEDIAN_STEP) {
      const spectrum = new Float64Array(this.#bins);
      this.#logSpectrum(channel, row, spectrum, 0);
      spectra.push(spectrum);
    }
    return Float64Array.from({ length: this.#bins }, (_, bin) => {
      const values = Float64Array.from(spectra, (spectrum) => spectrum[bin]!).sort();
      return values[values.length >> 1] ?? 0;
    });
  }
}
