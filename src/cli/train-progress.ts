import type { TrainingProgress } from '../train/index.ts';
import { Progress } from './progress.ts';
import { activityText } from './run-texts.ts';

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

function noteOf({ epoch, epochs, last, gpu }: TrainingProgress): string {
  return activityText({
    epoch,
    epochs,
    recent: {
      loss: last?.loss ?? null,
      learningRate: last?.learningRate ?? null,
      windowsPerS: last?.windowsPerSecond ?? null,
      waitingShare: last?.waitingShare ?? null,
      gpuUtilisation: gpu?.utilisation ?? null,
      gpuMemoryBytes: gpu?.memoryBytes ?? null,
    },
  });
}
