import { setTimeout as delay } from 'node:timers/promises';
import type { ModalPlace } from '../modal/index.ts';
import {
  describeEnding,
  type Ending,
  type FollowOptions,
  follow,
  type NumberedLine,
  type Place,
  stop,
} from '../places/index.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { endProcess, listenForSignals } from './signals.ts';

/** So long what was begun has to come to its end when it is taken back. */
const ABANDON_MS = 10_000;

/** Starts something; Ctrl-C meanwhile takes back what was begun. @throws Interruption */
export async function startable<Result>(
  place: ModalPlace,
  run: string,
  start: () => Promise<Result>,
): Promise<Result> {
  const given = Promise.withResolvers<never>();
  const takeBack = (signal: NodeJS.Signals) => {
    isTakenBack = true;
    process.stderr.write('bgb: taking back what was begun ...\n');
    const over = new Interruption(signal, `${run} was not started.`);
    // What is on its way comes first, so that it is ended, too; a machine that is waited for is found by its name.
    const settled = Promise.race([starting?.catch(() => undefined), delay(ABANDON_MS, null, { ref: false })]);
    const isOver = Promise.allSettled([place.abandon(run), settled]);
    isOver.then(() => given.reject(over));
  };
  let isTakenBack = false;
  let starting: Promise<Result> | null = null;
  using _ = listenForSignals({ onFirst: takeBack, onLater: endProcess });
  try {
    starting = start();
    // What is taken back fails on its own; that is no news.
    starting.catch(() => undefined);
    return await Promise.race([starting, given.promise]);
  } catch (error) {
    if (isTakenBack) return await given.promise;
    throw error;
  }
}

/** After the first Ctrl-C, so long the second one stops the run. */
const SECOND_MS = 5000;

export interface FollowRunOptions {
  readonly isResuming: boolean;
  readonly seen?: FollowOptions['seen'];
  /** Told each line; true: there is no need to see more. */
  readonly isEnough?: (line: NumberedLine) => boolean;
  /** Where lines go: standard error beside a JSON document. */
  readonly stream: { write(text: string): unknown };
}

/**
 * Shows a run's lines until it ends. The first Ctrl-C leaves it running and says how to come back; another within five
 * seconds stops it.
 *
 * @returns how it ended; null where enough was seen
 * @throws Interruption where it was left; SaidAlready where it ended without success
 */
export async function followRun(
  place: Place,
  run: string,
  options: FollowRunOptions,
): Promise<Ending | null> {
  const { isResuming, seen, isEnough = () => false, stream } = options;
  const leaving = new AbortController();
  const second = new AbortController();
  using signals = listenForSignals({ onFirst: () => leaving.abort(), onLater: () => second.abort() });
  const { ending, standing } = await follow(place, run, {
    onLine: (line) => {
      if (line.kind === 'text') stream.write(`${line.text}\n`);
      if (isEnough(line)) leaving.abort();
    },
    say: (sentence) => process.stderr.write(`bgb: ${sentence}\n`),
    signal: leaving.signal,
    isResuming,
    ...(seen === undefined ? {} : { seen }),
  });
  if (signals.received !== null) await leave(place, run, signals.received, second.signal);
  if (ending === null || ending === 'done') return ending;
  const said = standing === null ? '' : `${describeEnding(standing)} `;
  process.stderr.write(`bgb: ${said}${hints(run, ending, standing?.heartbeat != null)}\n`);
  throw new SaidAlready(ending === 'stopped' ? 130 : 1);
}

/** @throws Interruption */
async function leave(place: Place, run: string, signal: NodeJS.Signals, second: AbortSignal): Promise<never> {
  process.stderr.write(
    `bgb: left; the run goes on. Come back from anywhere: bgb modal logs ${run} -f\nbgb: Ctrl-C again within ${SECOND_MS / 1000} s stops the run.\n`,
  );
  if (signal === 'SIGINT') await delay(SECOND_MS, null, { signal: second }).catch(() => undefined);
  if (!second.aborted) throw new Interruption(signal, `${run} goes on.`);
  process.stderr.write('bgb: stopping the run; it saves first ...\n');
  await stop(place, run, { now: () => new Date() });
  throw new Interruption(signal, `${run} has saved and stopped; go on with: bgb modal resume ${run}`);
}

/** @param isBegun whether there is a run to go on with */
function hints(run: string, ending: Ending, isBegun: boolean): string {
  if (ending === 'stopped') return `Go on with: bgb modal resume ${run}.`;
  // Resumed, it runs as it was started.
  if (ending === 'failed' && !isBegun)
    return `Mend what its last lines name, and start it again under its name; bgb modal resume ${run} repeats it as it was.`;
  if (ending === 'failed')
    return `It is not started again by itself. When the cause is mended: bgb modal resume ${run}.`;
  return `It is not done. Go on with: bgb modal resume ${run}.`;
}
