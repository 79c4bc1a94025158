import type { Signal } from '../edf/index.ts';
import { InputError } from '../errors.ts';

export type RawFormat = 'float32' | 'float64';

/** What a stream of plain numbers does not say of itself. */
export interface RawLayout {
  /** Labels, in the order of the numbers. */
  readonly channels: readonly string[];
  /** Hz */
  readonly sampleRate: number;
  readonly format: RawFormat;
}

const MOST_CHANNELS = 4096;
const HIGHEST_RATE = 100_000;

/** Signals of plain numbers, as an EDF header would describe them: microvolts. @throws InputError `STREAM_LAYOUT` */
export function rawSignals({ channels, sampleRate }: RawLayout): Signal[] {
  if (channels.length < 1 || channels.length > MOST_CHANNELS || channels.some((label) => label === ''))
    throw new InputError(
      'STREAM_LAYOUT',
      `--channels: expected 1 to ${MOST_CHANNELS} labels with commas between, such as Fp1-REF,F3-REF, found '${channels.join(',').slice(0, 200)}'.`,
    );
  const twice = channels.find((label, index) => channels.indexOf(label) < index);
  if (twice !== undefined)
    throw new InputError(
      'STREAM_LAYOUT',
      `--channels: ${twice} is there twice. Give each channel a label of its own.`,
    );
  if (!(sampleRate > 0 && sampleRate <= HIGHEST_RATE))
    throw new InputError(
      'STREAM_LAYOUT',
      `--sample-rate: expected a rate in Hz above 0 and up to ${HIGHEST_RATE}, found ${sampleRate}.`,
    );
  return channels.map((label) => ({
    label,
    dimension: 'uV',
    sampleRate,
    samplesPerRecord: 1,
    physicalMin: -1,
    physicalMax: 1,
    digitalMin: -1,
    digitalMax: 1,
    prefiltering: '',
    transducer: '',
    byteInRecord: 0,
  }));
}

/**
 * Plain little-endian numbers, interleaved: one of each channel, then the next of each, from bytes in pieces of any
 * size.
 */
export class RawSamples {
  readonly #channels: number;
  readonly #bytesEach: number;
  #rest: Uint8Array = new Uint8Array(0);

  constructor({ channels, format }: RawLayout) {
    this.#channels = channels.length;
    this.#bytesEach = format === 'float32' ? 4 : 8;
  }

  /** Of one sample of all channels. */
  get frameBytes(): number {
    return this.#channels * this.#bytesEach;
  }

  /** Bytes after the last whole sample of all channels. */
  get rest(): number {
    return this.#rest.length;
  }

  /** @returns (samples) of each channel in `indices` */
  push(bytes: Uint8Array, indices: readonly number[]): Float64Array[] {
    const joined = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const samples = Math.floor(joined.length / this.frameBytes);
    this.#rest = joined.slice(samples * this.frameBytes);
    const view = new DataView(joined.buffer, joined.byteOffset, joined.byteLength);
    return indices.map((channel) => {
      const values = new Float64Array(samples);
      for (let sample = 0; sample < samples; sample++) {
        const at = sample * this.frameBytes + channel * this.#bytesEach;
        values[sample] = this.#bytesEach === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
      }
      return values;
    });
  }
}
