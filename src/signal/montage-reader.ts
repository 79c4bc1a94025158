import { type EdfRecording, readPartOfRecord, readSignals, type Segment } from '../edf/index.ts';
import type { Montage } from './montage.ts';
import { MontageMixer } from './montage-mixer.ts';

/** Recorded time that is read and processed at once: long enough that little is spent on each block, and in cache. */
const BLOCK_S = 64;

/** Reads a montage's channels over a segment, block by block. */
export class MontageReader {
  readonly #recording: EdfRecording;
  readonly #mixer: MontageMixer;

  /** @throws InputError `SIGNAL_UNIT`; `SIGNAL_RATE` where signals of different rates make one channel */
  constructor(recording: EdfRecording, montage: Montage) {
    this.#recording = recording;
    this.#mixer = new MontageMixer(recording.signals, montage, recording.path);
  }

  /** Hz, of each channel */
  get rates(): readonly number[] {
    return this.#mixer.rates;
  }

  /** Of each channel. */
  get samplesPerRecord(): readonly number[] {
    return this.#mixer.samplesPerRecord;
  }

  /** What was assumed of signals, a sentence each; complete when all blocks were read. */
  notices(): string[] {
    return this.#mixer.notices();
  }

  /** The channels in microvolts at their own rates; the first block has a second or the whole segment. */
  async *blocks(segment: Segment): AsyncGenerator<Float64Array[]> {
    const { recordDurationS } = this.#recording;
    const recordsEach = Math.max(1, Math.ceil(BLOCK_S / recordDurationS));
    // A record may be longer than a block, up to the whole recording.
    const parts = Math.max(1, Math.min(Math.floor(recordDurationS / BLOCK_S), ...this.samplesPerRecord));
    for (let first = 0; first < segment.records; first += recordsEach) {
      const firstRecord = segment.firstRecord + first;
      const records = Math.min(recordsEach, segment.records - first);
      for (let part = 0; part < parts; part++)
        yield this.#mixer.mix(
          parts === 1
            ? await readSignals(this.#recording, this.#mixer.needed, { firstRecord, records })
            : await readPartOfRecord(this.#recording, this.#mixer.needed, firstRecord, { part, parts }),
        );
    }
  }
}
