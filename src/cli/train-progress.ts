import type { TrainingProgress } from '../train/index.ts';
import { Progress } from './progress.ts';

/** Where a training stands, in a bar or lines, from its first step on; what it logs goes above. */
export class TrainProgress implements Disposable {
  /** Steps that an earlier session did. */
  doneBefore = 0;
  readonly #stream: NodeJS.WriteStream;
  readonly #isPlain: boolean;
  #progress: Progress | null = null;

  constructor(stream: NodeJS.WriteStream, { isPlain }: { readonly isPlain: boolean }) {
    this.#stream = stream;
    this.#isPlain = isPlain;
  }

  update(training: TrainingProgress): void {
    this.#progress ??= new Progress({
      label: 'Training',
      total: training.steps,
      unit: 'steps',
      done: this.doneBefore,
      stream: this.#stream,
      isPlain: this.#isPlain,
      intervalS: 10,
      now: Date.now,
    });
    this.#progress.update(training.step, noteOf(training));
  }

  /** Prints text above the progress. */
  print(text: string): void {
    if (this.#progress !== null) this.#progress.print(text);
    else this.#stream.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
  }
}

/** As in `epoch 3/10  loss 0.1234  lr 3.0e-4  812 windows/s  waiting 0.3 %  GPU 97 %, 61.2 GiB`. */
function noteOf({ epoch, epochs, last, gpu }: TrainingProgress): string {
  // Counted from 1 for who reads it; after the last there is none.
  const parts = [`epoch ${Math.min(epoch + 1, epochs)}/${epochs}`];
  if (last !== null)
    parts.push(
      `loss ${last.loss.toFixed(4)}`,
      `lr ${last.learningRate.toExponential(1)}`,
      `${last.windowsPerSecond.toPrecision(3)} windows/s`,
      `waiting ${(100 * last.waitingShare).toFixed(1)} %`,
    );
  if (gpu?.utilisation != null) parts.push(`GPU ${Math.round(100 * gpu.utilisation)} %`);
  if (gpu?.memoryBytes != null) parts.push(`${(gpu.memoryBytes / 2 ** 30).toFixed(1)} GiB`);
  return parts.join('  ');
}
