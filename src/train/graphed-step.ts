import { CudaGraph, full, hasGraphs, noGrad, type Tensor } from '../torch/index.ts';
import { type Batch, computeStep, type StepParts, type StepResult, trainingStep } from './step.ts';

/** Steps started operator by operator before one is recorded: libraries choose their algorithms in the first. */
const WARM_UP = 3;

/** A recorded step and the memory that it reads. */
interface Recording {
  readonly graph: CudaGraph;
  readonly batches: readonly Batch[];
  readonly step: Tensor;
  readonly learningRate: Tensor;
  readonly result: StepResult;
}

/**
 * {@link trainingStep}, recorded as a CUDA graph once its batches keep one shape: a step is then one launch instead
 * of thousands, with the same kernels on the same numbers. A batch of another shape, as at an epoch's end, and any
 * step on the CPU go operator by operator.
 */
export class GraphedStep implements Disposable {
  readonly #parts: StepParts;
  readonly #isAllowed: boolean;
  #recording: Recording | null = null;
  #shapes = '';
  #seen = 0;

  constructor(parts: StepParts, { isAllowed = true } = {}) {
    this.#parts = parts;
    // Sums over processes go step by step: what each waits for is no part of a recording.
    const isAlone = (parts.joint ?? null) === null;
    this.#isAllowed = isAllowed && isAlone && hasGraphs() && parts.parameters.decayed.values.device !== 'cpu';
  }

  /** Whether steps are started as a graph by now. */
  get isRecorded(): boolean {
    return this.#recording !== null;
  }

  /** As {@link trainingStep}. */
  run(batches: readonly Batch[], step: number, learningRate: number, windows: readonly number[] = []): void {
    const shapes = batches.map(({ signal }) => signal.shape.join('x')).join(' ');
    if (shapes !== this.#shapes) {
      this.release();
      if (this.#seen < WARM_UP) {
        this.#shapes = shapes;
        this.#seen = 0;
      }
    }
    if (!this.#isAllowed || this.#seen < WARM_UP || shapes !== this.#shapes) {
      if (shapes === this.#shapes) this.#seen++;
      trainingStep(this.#parts, batches, step, learningRate, windows);
      return;
    }
    this.#recording ??= record(this.#parts, batches);
    const recording = this.#recording;
    noGrad(() => {
      batches.forEach((batch, index) => {
        const own = recording.batches[index]!;
        own.signal.copy_(batch.signal);
        own.labels.copy_(batch.labels);
        own.samples.copy_(batch.samples);
      });
      recording.step.fill_(step);
      recording.learningRate.fill_(learningRate);
    });
    recording.graph.replay();
    this.#parts.ring.record(step, recording.result);
  }

  /** Gives back the memory of the recorded step, before other work that needs it; the next step records anew. */
  release(): void {
    if (this.#recording === null) return;
    const { graph, batches, step, learningRate, result } = this.#recording;
    graph[Symbol.dispose]();
    const tensors = [...batches.flatMap((batch) => Object.values(batch)), step, learningRate];
    for (const tensor of [...tensors, ...Object.values(result)]) tensor.dispose();
    this.#recording = null;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

function record(parts: StepParts, batches: readonly Batch[]): Recording {
  const { device } = parts.parameters.decayed.values;
  const own = batches.map(({ signal, labels, samples }) => ({
    signal: signal.clone(),
    labels: labels.clone(),
    samples: samples.clone(),
  }));
  const step = full([], 0, { dtype: 'int64', device });
  const learningRate = full([], 0, { device });
  let result: StepResult | null = null;
  const graph = new CudaGraph(() => {
    result = computeStep(parts, own, step, learningRate);
  });
  return { graph, batches: own, step, learningRate, result: result! };
}
