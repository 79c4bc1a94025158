/** A recording's samples as int16, time-major, filled channel by channel. */
export class QuantisedSignal {
  /** (N, C) */
  readonly signal: Int16Array;
  readonly #channels: number;
  #clipped = 0;

  constructor(rows: number, channels: number) {
    this.signal = new Int16Array(rows * channels);
    this.#channels = channels;
  }

  /** Samples that lay beyond the clip. */
  get clipped(): number {
    return this.#clipped;
  }

  /**
   * @param scale what one step of the int16 stands for
   * @param clip largest magnitude, or null where no sample lies beyond 32767 steps
   */
  write(channel: number, row: number, samples: Float64Array, scale: number, clip: number | null): void {
    const { signal } = this;
    const channels = this.#channels;
    const bound = clip ?? Number.POSITIVE_INFINITY;
    let clipped = 0;
    for (let i = 0, place = row * channels + channel; i < samples.length; i++, place += channels) {
      const value = samples[i]!;
      let steps = value / scale;
      if (steps > 32767) {
        if (value > bound) clipped++;
        steps = 32767;
      } else if (steps < -32767) {
        if (value < -bound) clipped++;
        steps = -32767;
      }
      signal[place] = Math.floor(steps + 0.5);
    }
    this.#clipped += clipped;
  }
}
