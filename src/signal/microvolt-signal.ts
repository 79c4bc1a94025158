/** A recording's samples as float32 microvolts, time-major, filled channel by channel. */
export class MicrovoltSignal {
  /** (N, C) */
  readonly signal: Float32Array;
  readonly #channels: number;
  /** Microvolts are not clipped. */
  readonly clipped = 0;

  constructor(rows: number, channels: number) {
    this.signal = new Float32Array(rows * channels);
    this.#channels = channels;
  }

  write(channel: number, row: number, samples: Float64Array): void {
    const { signal } = this;
    const channels = this.#channels;
    for (let i = 0, place = row * channels + channel; i < samples.length; i++, place += channels)
      signal[place] = samples[i]!;
  }
}
