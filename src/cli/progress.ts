/** What a {@link Progress} writes to: process.stderr, or a stand-in. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** What is being done: `Building cache`. */
  readonly label: string;
  readonly total: number;
  /** What is counted, in the plural: `recordings`. */
  readonly unit: string;
  /** Counted already before this run, such as the steps of a resumed training; they say nothing about the rate. */
  readonly done?: number;
  readonly stream: ProgressStream;
  /** Lines also on a terminal (BGB_DISABLE_TQDM). */
  readonly isPlain: boolean;
  /** Seconds between plain lines. */
  readonly intervalS?: number;
  /** ms */
  readonly now: () => number;
}

/** Redrawing more often is only flicker. */
const REDRAW_MS = 100;
const BAR_WIDTH = 24;

/**
 * Progress with rate and time left: one bar redrawn in place on a terminal, elsewhere a whole line per interval
 * (failures H10). Ends with the state it reached.
 *
 * @example
 * using progress = new Progress({ label: 'Building cache', total: 40, unit: 'recordings', stream: process.stderr,
 *   isPlain: environment.isProgressPlain, now: Date.now });
 * progress.update(3, 'chb01_03.edf');
 */
export class Progress implements Disposable {
  readonly #options: ProgressOptions;
  readonly #isBar: boolean;
  readonly #startedAt: number;
  #writtenAt: number;
  #done: number;
  #note = '';
  #written = '';
  #isEnded = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#isBar = options.stream.isTTY === true && !options.isPlain;
    this.#startedAt = options.now();
    this.#writtenAt = Number.NEGATIVE_INFINITY;
    this.#done = options.done ?? 0;
    this.#draw();
  }

  /** `done` of the total; `note` is what is worth a word now: a file, a loss. */
  update(done: number, note = ''): void {
    [this.#done, this.#note] = [done, note];
    const everyMs = this.#isBar ? REDRAW_MS : (this.#options.intervalS ?? 30) * 1000;
    if (this.#options.now() - this.#writtenAt >= everyMs) this.#draw();
  }

  /** Writes whole lines without breaking the bar. */
  print(text: string): void {
    const { stream } = this.#options;
    stream.write(`${this.#isBar ? '\r\x1b[2K' : ''}${text.endsWith('\n') ? text : `${text}\n`}`);
    if (this.#isBar && !this.#isEnded) stream.write(this.#written);
  }

  [Symbol.dispose](): void {
    if (this.#isEnded) return;
    this.#draw();
    if (this.#isBar) this.#options.stream.write('\n');
    this.#isEnded = true;
  }

  #draw(): void {
    const { stream, columns } = { stream: this.#options.stream, columns: this.#options.stream.columns || 80 };
    const text = this.#text();
    this.#writtenAt = this.#options.now();
    if (this.#isBar) {
      // One column stays free: a full line would wrap.
      this.#written = text.slice(0, columns - 1);
      stream.write(`\r\x1b[2K${this.#written}`);
    } else if (text !== this.#written) {
      this.#written = text;
      stream.write(`${text}\n`);
    }
  }

  #text(): string {
    const { label, total, unit, now, done: before = 0 } = this.#options;
    const elapsedS = (now() - this.#startedAt) / 1000;
    const rate = elapsedS > 0 ? (this.#done - before) / elapsedS : 0;
    const count = `${this.#done}/${total} ${unit}`;
    // On a narrow terminal the bar gives way: a count that is cut off would be another count.
    const room = (this.#options.stream.columns || 80) - 1 - label.length - count.length - 4;
    const width = this.#isBar ? Math.min(BAR_WIDTH, room) : 0;
    const parts = [label, ...(width > 0 ? [bar(this.#done, total, width)] : []), count];
    if (rate > 0) parts.push(rateText(rate));
    if (rate > 0 && this.#done < total) parts.push(`${durationText((total - this.#done) / rate)} left`);
    else if (this.#done >= total) parts.push(`in ${durationText(elapsedS)}`);
    if (this.#note !== '') parts.push(this.#note);
    return parts.join('  ');
  }
}

/** `done` of `total` as in `####....`. */
export function bar(done: number, total: number, width = BAR_WIDTH): string {
  const filled = total > 0 ? Math.floor(width * Math.min(1, done / total)) : width;
  return '#'.repeat(filled) + '.'.repeat(width - filled);
}

function rateText(perSecond: number): string {
  return perSecond >= 1 ? `${perSecond.toFixed(1)}/s` : `${(1 / perSecond).toFixed(1)} s each`;
}

/** `0:09`, `12:30`, `3:05:00`. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
