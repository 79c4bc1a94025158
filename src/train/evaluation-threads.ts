import { Worker } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import type { ProbabilityCurve } from '../post/index.ts';
import {
  EVALUATION_PARTS,
  type EvaluationPartName,
  type EvaluationSettings,
  type MeasuredEntry,
} from './evaluate.ts';
import type { Metrics } from './loop.ts';

/** What a thread is started for. */
export interface EvaluationTask {
  readonly name: EvaluationPartName;
  readonly settings: EvaluationSettings;
}

export type EvaluationRequest =
  | { readonly recording: MeasuredEntry; readonly curve: ProbabilityCurve }
  /** Asks for the metrics of all recordings before. */
  | null;

export type EvaluationAnswer =
  | { readonly metrics: Metrics | null }
  | { readonly failure: string; readonly code: string };

/** Recordings that may wait for the slowest thread, so that memory stays bounded. */
const MOST_WAITING = 8;

/**
 * As `Evaluation`, with a thread for each of its parts: recordings are measured while the next are predicted. The same
 * metrics, since each part still sees all recordings in their order.
 */
export class EvaluationThreads implements AsyncDisposable {
  readonly #threads: readonly PartThread[];

  constructor(settings: EvaluationSettings) {
    this.#threads = EVALUATION_PARTS.map((name) => new PartThread({ name, settings }));
  }

  /** Resolves once another recording may come. @throws BgbError what measuring an earlier one threw */
  async add({ name, labels, segments, sampleRate }: MeasuredEntry, curve: ProbabilityCurve): Promise<void> {
    // Shared by the threads instead of copied for each.
    const recording = { name, labels: shared(labels), segments, sampleRate };
    const request = { recording, curve: { ...curve, probabilities: shared(curve.probabilities) } };
    await Promise.all(this.#threads.map((thread) => thread.add(request)));
  }

  async metrics(): Promise<Metrics> {
    return Object.assign({}, ...(await Promise.all(this.#threads.map((thread) => thread.metrics()))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }
}

class PartThread {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<Metrics | null>[] = [];
  #failure: Error | null = null;

  constructor(task: EvaluationTask) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./evaluation-thread.${extension}`, import.meta.url), {
      workerData: task,
      execArgv: [],
      env: {},
    });
    this.#worker.on('message', (answer: EvaluationAnswer) => {
      if ('metrics' in answer) this.#waiting.shift()?.resolve(answer.metrics);
      else this.#fail(new BgbError(answer.code, answer.failure));
    });
    const lost = (how: string) =>
      this.#fail(new BgbError('EVALUATE_THREAD', `The thread that measures ${task.name} ${how}.`));
    this.#worker.on('error', (error) => lost(`failed: ${messageOf(error)}`));
    this.#worker.on('exit', (code) => lost(`ended with code ${code}`));
  }

  async add(request: EvaluationRequest): Promise<void> {
    void this.#ask(request);
    if (this.#waiting.length > MOST_WAITING) await this.#waiting[0]!.promise;
    if (this.#failure !== null) throw this.#failure;
  }

  async metrics(): Promise<Metrics> {
    return (await this.#ask(null))!;
  }

  /** Whoever still waits is told so. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(request: EvaluationRequest): Promise<Metrics | null> {
    const waiting = Promise.withResolvers<Metrics | null>();
    // Told once more by `add`, where nobody waits for this one.
    waiting.promise.catch(() => undefined);
    if (this.#failure !== null) waiting.reject(this.#failure);
    else {
      this.#waiting.push(waiting);
      this.#worker.postMessage(request);
    }
    return waiting.promise;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

function shared<T extends Uint8Array | Float32Array | Float64Array | ArrayLike<number>>(values: T): T {
  const Kind = (values instanceof Uint8Array ? Uint8Array : Float64Array) as Float64ArrayConstructor;
  const copy = new Kind(new SharedArrayBuffer(values.length * Kind.BYTES_PER_ELEMENT));
  copy.set(values);
  return copy as unknown as T;
}
