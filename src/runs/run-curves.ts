import { numberIn, type RunEvent } from './read-events.ts';
import { RECENT_STEPS, type RecentSteps, recentSteps } from './recent-steps.ts';
import { type Point, Series } from './series.ts';

/** Metrics of an epoch that are kept: more are not shown. */
const MOST_METRICS = 64;

/** What a run's log has told so far, in bounded memory: curves, the last steps, how fast it goes. */
export class RunCurves {
  readonly #loss = new Series();
  readonly #metrics = new Map<string, Series>();
  #recent: RunEvent[] = [];
  /** The first step of this session: what came before, compiling and loading, does not come again. */
  #from: { readonly step: number; readonly atMs: number } | null = null;
  #last: { readonly step: number; readonly atMs: number } | null = null;
  #skipped = 0;

  add(event: RunEvent): void {
    const { kind, step, at } = event;
    if (kind === 'resumed') this.#from = null;
    if (kind === 'skipped') this.#skipped++;
    if (kind === 'epoch') this.#addMetrics(event);
    if (kind !== 'step') return;
    this.#loss.add(step, numberIn(event, 'loss') ?? Number.NaN);
    this.#recent.push(event);
    if (this.#recent.length >= 2 * RECENT_STEPS) this.#recent = this.#recent.slice(-RECENT_STEPS);
    this.#last = { step, atMs: Date.parse(at) };
    this.#from ??= this.#last;
  }

  /** Mean loss by step. */
  get loss(): Point[] {
    return this.#loss.points;
  }

  /** A metric of the epochs, by step; empty where it was not told. */
  metric(name: string): Point[] {
    return this.#metrics.get(name)?.points ?? [];
  }

  /** Names of the metrics told so far. */
  get metricNames(): string[] {
    return [...this.#metrics.keys()];
  }

  get recent(): RecentSteps {
    return recentSteps(this.#recent);
  }

  /** Steps that changed nothing since their loss was not finite. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Seconds until so many steps are done, at the pace of this session, evaluations counted; null before two steps. */
  secondsLeft(steps: number): number | null {
    const [from, last] = [this.#from, this.#last];
    if (from === null || last === null || last.step <= from.step) return null;
    const perStep = (last.atMs - from.atMs) / (last.step - from.step) / 1000;
    return Number.isFinite(perStep) && perStep >= 0 ? Math.max(0, steps - last.step) * perStep : null;
  }

  #addMetrics(event: RunEvent): void {
    for (const field of Object.keys(event)) {
      const value = ['seq', 'step', 'epoch'].includes(field) ? null : numberIn(event, field);
      if (value === null) continue;
      let series = this.#metrics.get(field);
      if (series === undefined) {
        if (this.#metrics.size >= MOST_METRICS) continue;
        series = new Series();
        this.#metrics.set(field, series);
      }
      series.add(event.step, value);
    }
  }
}
