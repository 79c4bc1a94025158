import type { Worker } from 'node:worker_threads';
import { BgbError, messageOf } from '../errors.ts';
import type { ThreadAnswer } from './answer-questions.ts';
import { startThread } from './start-thread.ts';
import { errorOf } from './thrown.ts';

export interface AnsweringThreadOptions {
  /** The thread finds it as `workerData`. */
  readonly data?: unknown;
  /** Of the error where the thread dies. */
  readonly code: string;
  /** What the thread does, as in `builds entries`. */
  readonly does: string;
}

/** A thread that answers questions, in the order in which they are asked. */
export class AnsweringThread<Question, Answer> implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #asked: PromiseWithResolvers<Answer>[] = [];
  #death: BgbError | null = null;

  /** @param module @param from as for {@link startThread}; the module calls `answerQuestions` */
  constructor(module: string, from: string, { data, code, does }: AnsweringThreadOptions) {
    this.#worker = startThread(module, from, data);
    this.#worker.on('message', (said: ThreadAnswer<Answer>) => {
      const asked = this.#asked.shift();
      if ('answer' in said) asked?.resolve(said.answer);
      else asked?.reject(errorOf(said.thrown));
    });
    const die = (how: string) => {
      this.#death ??= new BgbError(code, `A thread that ${does} ${how}.`);
      for (const { reject } of this.#asked.splice(0)) reject(this.#death);
    };
    this.#worker.on('error', (error) => die(`failed: ${messageOf(error)}`));
    this.#worker.on('exit', (exitCode) => die(`ended with code ${exitCode}`));
  }

  /** @throws what answering threw; BgbError of the thread's own code where it has died, or is ended meanwhile */
  ask(question: Question): Promise<Answer> {
    const asked = Promise.withResolvers<Answer>();
    // Whoever asked may have stopped waiting by the time the thread is ended.
    asked.promise.catch(() => undefined);
    if (this.#death !== null) asked.reject(this.#death);
    else {
      this.#asked.push(asked);
      this.#worker.postMessage(question);
    }
    return asked.promise;
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
