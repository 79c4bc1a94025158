import type { SplitLook } from '../cache/index.ts';
import { InputError } from '../errors.ts';
import { examine } from './examine.ts';
import type { Finding } from './finding.ts';
import { type LookRequest, lookAt } from './look.ts';
import { isStarved } from './pace.ts';
import { findingLines } from './report.ts';

/** What was seen before a training starts. */
export interface BeforeTraining {
  readonly findings: readonly Finding[];
  /** At the splits that it trains from and is judged on; training need not read their entries again. */
  readonly looks: readonly SplitLook[];
}

/**
 * What the quick rules find before a training starts.
 *
 * @param request of the configuration; its `--set`s are the training's
 * @throws InputError `DOCTOR` where a finding would make the result worthless, unless `isForced`; else as {@link lookAt}
 */
export async function findBeforeTraining(
  request: Omit<LookRequest, 'isQuick' | 'isDeep'>,
  { isForced = false } = {},
): Promise<BeforeTraining> {
  const subject = await lookAt({ ...request, isQuick: true, isDeep: false });
  const { findings } = examine(subject, { isQuick: true });
  const worthless = findings.filter(({ severity }) => severity === 'worthless result');
  if (worthless.length > 0 && !isForced)
    throw new InputError(
      'DOCTOR',
      `The result of this training would be worthless:\n${worthless.flatMap(findingLines).join('\n')}\nMend that, or train all the same with --force.`,
    );
  return { findings, looks: subject.cache?.splits ?? [] };
}

/** What a step was like, as training tells it. */
export interface WatchedStep {
  readonly windowsPerSecond: number;
  readonly waitingShare: number;
}

/** Steps of which the figures add up before those so far count half. */
const REMEMBERED = 200;

/** Until the run's records are looked at again where they did not explain what the loop saw. */
const PAUSE_MS = 30_000;

/**
 * Watches a training that goes on, and says once what is wrong with it. The loop's own figures are added up; only where they
 * show waiting are the run's records looked at.
 */
export class TrainingWatch {
  readonly #look: () => Promise<readonly Finding[]>;
  readonly #say: (lines: readonly string[]) => void;
  readonly #now: () => number;
  readonly #said = new Set<string>();
  #sum = { steps: 0, windows: 0, seconds: 0, waitedS: 0 };
  #seen: WatchedStep | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isLooking = false;

  /**
   * @param options.look finds what is wrong with the run, by its records
   * @param options.now ms
   */
  constructor(options: {
    readonly look: () => Promise<readonly Finding[]>;
    readonly say: (lines: readonly string[]) => void;
    readonly now: () => number;
  }) {
    this.#look = options.look;
    this.#say = options.say;
    this.#now = options.now;
  }

  /** Takes the last step of which figures have arrived; the same one may be told again. */
  observe(step: WatchedStep | null, windowsPerStep: number): void {
    if (step === null || step === this.#seen || !(step.windowsPerSecond > 0)) return;
    this.#seen = step;
    const seconds = windowsPerStep / step.windowsPerSecond;
    this.#sum.steps++;
    this.#sum.windows += windowsPerStep;
    this.#sum.seconds += seconds;
    this.#sum.waitedS += seconds * step.waitingShare;
    // What was hours ago says nothing of now.
    if (this.#sum.steps >= REMEMBERED) {
      const { steps, windows, seconds: all, waitedS } = this.#sum;
      this.#sum = { steps: steps / 2, windows: windows / 2, seconds: all / 2, waitedS: waitedS / 2 };
    }
    const pace = { ...this.#sum, copiedS: 0, waitedAtEpochsS: 0, gpuUtilisation: null };
    if (this.#isLooking || !isStarved(pace) || this.#now() - this.#lookedAt < PAUSE_MS) return;
    this.#lookedAt = this.#now();
    this.#isLooking = true;
    void this.#report().finally(() => {
      this.#isLooking = false;
    });
  }

  async #report(): Promise<void> {
    // Training goes on whatever becomes of this.
    const findings = await this.#look().catch(() => []);
    for (const finding of findings) {
      if (this.#said.has(finding.rule)) continue;
      this.#said.add(finding.rule);
      this.#say(findingLines(finding));
    }
  }
}

/** What the rules about loaders find in a run that goes on; nothing is measured, so as not to take its cores. */
export async function findWhileTraining(
  request: Omit<LookRequest, 'isQuick' | 'isDeep'>,
): Promise<readonly Finding[]> {
  const subject = await lookAt({ ...request, isQuick: true, isDeep: false });
  return examine(subject).findings.filter(({ rule }) => /^(starved-|slow-copies|gpu-idle)/.test(rule));
}
