import { type Block, type Component, deposit, samplesWithin } from './block.ts';

/** One waveform with one field: `value` at seconds from its start, microvolts. */
export class Pulse implements Component {
  readonly startS: number;
  readonly endS: number;
  readonly #field: Float64Array;
  readonly #value: (timeS: number) => number;

  constructor(startS: number, durationS: number, field: Float64Array, value: (timeS: number) => number) {
    this.startS = startS;
    this.endS = startS + durationS;
    this.#field = field;
    this.#value = value;
  }

  add(block: Block): void {
    const { from, to } = samplesWithin(block, this);
    for (let t = from; t < to; t++) block.work[t] = this.#value((block.start + t) / block.rate - this.startS);
    deposit(block, this.#field, block.work, from, to);
  }
}
