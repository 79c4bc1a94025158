/** Memory for recordings that threads look at, in samples of {@link BYTES_PER_SAMPLE}. */
export interface SharedSamples {
  /** (N) */
  readonly probabilities: Float64Array;
  /** (N) */
  readonly labels: Uint8Array;
}

const BYTES_PER_SAMPLE = Float64Array.BYTES_PER_ELEMENT + Uint8Array.BYTES_PER_ELEMENT;
const LEAST_BYTES = 2 ** 20;

/**
 * Shared memory that is used again and again. What threads share is not in any collector's account, so that buffers made for
 * each recording would stay until something else makes each of the threads collect.
 */
export class SharedRoom {
  readonly #mostBytes: number;
  /** Smallest first. */
  readonly #free: SharedArrayBuffer[] = [];
  #usedBytes = 0;

  /** @param mostBytes that are in use at once; a recording that alone needs more gets more when nothing else is in use */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Room for so many samples, zeros or what was there before; null while too much is in use. */
  take(samples: number): SharedSamples | null {
    // Few sizes, so that a buffer given back fits another recording. What is never written to takes no memory.
    const bytes =
      LEAST_BYTES * 2 ** Math.max(0, Math.ceil(Math.log2((samples * BYTES_PER_SAMPLE) / LEAST_BYTES)));
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#mostBytes) return null;
    const at = this.#free.findIndex(({ byteLength }) => byteLength === bytes);
    const buffer = at >= 0 ? this.#free.splice(at, 1)[0]! : this.#made(bytes);
    this.#usedBytes += bytes;
    return {
      probabilities: new Float64Array(buffer, 0, samples),
      labels: new Uint8Array(buffer, samples * Float64Array.BYTES_PER_ELEMENT, samples),
    };
  }

  giveBack({ probabilities }: SharedSamples): void {
    const buffer = probabilities.buffer as SharedArrayBuffer;
    this.#usedBytes -= buffer.byteLength;
    this.#free.push(buffer);
  }

  /** A new buffer in the place of free ones of other sizes, where all of them together would be too large. */
  #made(bytes: number): SharedArrayBuffer {
    const kept = () => this.#free.reduce((sum, { byteLength }) => sum + byteLength, this.#usedBytes);
    while (this.#free.length > 0 && kept() + bytes > this.#mostBytes) this.#free.shift();
    return new SharedArrayBuffer(bytes);
  }
}
