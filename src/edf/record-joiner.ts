import { InputError } from '../errors.ts';
import { type RecordClock, stepToleranceS, timeToleranceS } from './record-clock.ts';

/** A clock that is further off than this share of a record is not believed to be one. */
const MOST_DRIFT = 0.02;
/** Records whose times are looked at: two ahead of the one in question, it, and the one behind it. */
const LOOKED_AT = 4;

/** A data record whose place is known. */
export interface PlacedRecord {
  /** As given. */
  readonly startS: number;
  /** Whether there is a hole ahead of it, or nothing. */
  readonly isFirst: boolean;
}

/**
 * Says of each data record of a discontinuous recording whether it goes on where the one ahead of it ended. It does where
 * it starts then by the header's rate, or as long after the one ahead as its neighbours do: then the recorder's clock
 * drifts. Anything else is a hole. So a record's place is known once the record behind it is.
 */
export class RecordJoiner {
  readonly #clock: RecordClock;
  readonly #path: string;
  /** Starts of the last records. */
  #recent: number[] = [];
  #count = 0;
  /** The first record of the segment, and its start. */
  #first = { record: 0, startS: 0 };

  constructor(clock: RecordClock, path: string) {
    this.#clock = clock;
    this.#path = path;
  }

  /**
   * Takes the start of the next record, from the first one's.
   *
   * @returns the record ahead of it
   * @throws InputError `EDF_TIME` where that one starts before the one ahead of it ends
   */
  push(startS: number): PlacedRecord | null {
    this.#recent = [...this.#recent.slice(1 - LOOKED_AT), startS];
    this.#count++;
    return this.#count < 2 ? null : this.#place(this.#count - 2);
  }

  /** The last record, where there is one. */
  end(): PlacedRecord | null {
    return this.#count === 0 ? null : this.#place(this.#count - 1);
  }

  #place(record: number): PlacedRecord {
    const startS = this.#start(record)!;
    const isFirst = record === 0 || !this.#isJoined(record);
    if (record > 0 && isFirst && this.#lateness(record) < 0)
      throw new InputError(
        'EDF_TIME',
        `${this.#path}: data record ${record} starts at ${startS} s, before the record ahead of it ends (${this.#start(record - 1)! + this.#clock.recordDurationS} s). Its times contradict each other; get the file again.`,
      );
    if (isFirst) this.#first = { record, startS };
    return { startS, isFirst };
  }

  #start(record: number): number | undefined {
    return this.#recent[record - this.#count + this.#recent.length];
  }

  /** How much later than the header's rate says a record follows the one ahead of it. */
  #lateness(record: number): number {
    return this.#start(record)! - this.#start(record - 1)! - this.#clock.recordDurationS;
  }

  #isAsNeighbour(record: number, neighbour: number): boolean {
    return (
      neighbour >= 1 &&
      this.#start(neighbour) !== undefined &&
      Math.abs(this.#lateness(record) - this.#lateness(neighbour)) <= stepToleranceS(this.#clock)
    );
  }

  #isJoined(record: number): boolean {
    const { recordDurationS } = this.#clock;
    const expectedS = this.#first.startS + (record - this.#first.record) * recordDurationS;
    const lateness = Math.abs(this.#lateness(record));
    return (
      Math.abs(this.#start(record)! - expectedS) <= timeToleranceS(this.#clock) ||
      lateness <= stepToleranceS(this.#clock) ||
      (lateness <= MOST_DRIFT * recordDurationS &&
        (this.#isAsNeighbour(record, record - 1) || this.#isAsNeighbour(record, record + 1)))
    );
  }
}
