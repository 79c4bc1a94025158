/** A point of a curve: the mean of what lies around `x`. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

interface Bucket {
  readonly at: number;
  count: number;
  sumX: number;
  sumY: number;
}

/**
 * A curve in bounded memory: values at rising x, as means over stretches that grow twice as wide whenever there are too many.
 * Values that are not finite have no place on a curve and are left out.
 */
export class Series {
  readonly #most: number;
  #width = 1;
  #buckets: Bucket[] = [];

  /** @param most points to keep; at least 2 */
  constructor(most = 1024) {
    this.#most = most;
  }

  add(x: number, y: number): void {
    if (!Number.isFinite(y)) return;
    const at = Math.floor(x / this.#width);
    const last = this.#buckets.at(-1);
    if (last?.at === at) {
      last.count++;
      last.sumX += x;
      last.sumY += y;
      return;
    }
    this.#buckets.push({ at, count: 1, sumX: x, sumY: y });
    while (this.#buckets.length > this.#most) this.#widen();
  }

  get points(): Point[] {
    return this.#buckets.map(({ count, sumX, sumY }) => ({ x: sumX / count, y: sumY / count }));
  }

  #widen(): void {
    this.#width *= 2;
    const joined: Bucket[] = [];
    for (const { at, ...bucket } of this.#buckets) {
      const wider = Math.floor(at / 2);
      const last = joined.at(-1);
      if (last?.at === wider) {
        last.count += bucket.count;
        last.sumX += bucket.sumX;
        last.sumY += bucket.sumY;
      } else joined.push({ at: wider, ...bucket });
    }
    this.#buckets = joined;
  }
}
