import { HostCopy, noGrad, scope, stack, type Tensor, zeros } from '../torch/index.ts';

/** What a training step leaves on the device, in this order. */
const COLUMNS = ['loss', 'gradientNorm', 'positiveShare', 'sound'] as const;

export interface StepMetrics {
  readonly step: number;
  /** Mean over the samples that are not excluded. */
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Share of seizure samples in the batch. */
  readonly positiveShare: number;
  /** False where loss or gradient was not finite: the step changed nothing. */
  readonly isSound: boolean;
}

interface Flight {
  readonly firstStep: number;
  readonly rows: number;
  readonly copy: HostCopy;
}

/**
 * Metrics of the last steps, on the device. A step writes its row and reads nothing; now and then the rows are
 * sent to the host, and arrive while later steps compute. That the loop never waits for the device is what
 * keeps a GPU busy between two steps.
 */
export class MetricRing implements Disposable {
  readonly #rows: Tensor;
  readonly #capacity: number;
  #firstStep = 0;
  #count = 0;
  #flights: Flight[] = [];

  /** @param capacity steps between two {@link send}s */
  constructor(capacity: number, device: Tensor['device']) {
    this.#capacity = capacity;
    this.#rows = zeros([capacity, COLUMNS.length], { device });
  }

  get isFull(): boolean {
    return this.#count === this.#capacity;
  }

  /** Adds a step's row; each value a tensor () on the device. */
  record(
    step: number,
    values: { loss: Tensor; gradientNorm: Tensor; positiveShare: Tensor; sound: Tensor },
  ): void {
    if (this.#count === 0) this.#firstStep = step;
    noGrad(() =>
      scope(() => {
        const row = stack(COLUMNS.map((column) => values[column].to({ dtype: 'float32' })));
        this.#rows.select(0, this.#count).copy_(row);
      }),
    );
    this.#count++;
  }

  /** Starts the way of the rows so far to the host. */
  send(): void {
    if (this.#count === 0) return;
    using rows = this.#rows.slice(0, 0, this.#count);
    this.#flights.push({ firstStep: this.#firstStep, rows: this.#count, copy: new HostCopy(rows) });
    this.#count = 0;
  }

  /** The metrics that have arrived, in order of steps. With `wait`, all that were sent. */
  receive({ wait = false } = {}): StepMetrics[] {
    const arrived: StepMetrics[] = [];
    while (this.#flights.length > 0) {
      const flight = this.#flights[0]!;
      if (!wait && !flight.copy.isHere) break;
      this.#flights.shift();
      using copy = flight.copy;
      const numbers = copy.wait().toArray();
      for (let row = 0; row < flight.rows; row++) {
        const [loss, gradientNorm, positiveShare, sound] = numbers.slice(row * COLUMNS.length);
        arrived.push({
          step: flight.firstStep + row,
          loss: loss!,
          gradientNorm: gradientNorm!,
          positiveShare: positiveShare!,
          isSound: sound === 1,
        });
      }
    }
    return arrived;
  }

  [Symbol.dispose](): void {
    for (const { copy } of this.#flights) copy[Symbol.dispose]();
    this.#rows.dispose();
  }
}
