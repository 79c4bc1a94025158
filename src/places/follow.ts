import { setTimeout as delay } from 'node:timers/promises';
import { BgbError, messageOf } from '../errors.ts';
import { deskOf } from './job.ts';
import { LineGate, LineSplitter, type Missing, type NumberedLine, parseLine } from './numbered-lines.ts';
import type { Container, Live, Place } from './place.ts';
import { mustExecute, readerIn } from './remote-files.ts';
import { describeEnding, type Ending, endingOf, readStanding, type Standing } from './standing.ts';

export interface FollowOptions {
  /** A line of the run. */
  readonly onLine: (line: NumberedLine) => void;
  /** What happens to the following itself: a lost connection, a resumption. */
  readonly say: (sentence: string) => void;
  /** Aborted to leave; the run goes on. */
  readonly signal: AbortSignal;
  /** Starts an interrupted run again. */
  readonly isResuming: boolean;
  /** The last line seen elsewhere. */
  readonly seen?: { readonly attempt: number; readonly number: number };
  /** Before the first try after a lost connection, ms; doubled up to 30 s. */
  readonly patienceMs?: number;
  /** Between two tries where there is no machine, ms. */
  readonly capacityWaitMs?: number;
}

export interface Followed {
  /** null: left while it runs. */
  readonly ending: Ending | null;
  readonly standing: Standing | null;
}

/** Attempts in a row that may end without another checkpoint. */
const IDLE_ATTEMPTS = 3;
const LONGEST_WAIT_MS = 30_000;
/** What the place or a small container of it may say for a moment, whatever the run does. */
const PASSING = ['PLACE_CAPACITY', 'PLACE_COMMAND', 'PLACE_ANSWER'];
const PASSING_TRIES = 10;

/**
 * Shows a run's lines, each once and in order, through lost connections and interruptions, until it has ended: what the
 * results say decides, not how a connection ended.
 *
 * @throws BgbError `PLACE_NO_PROGRESS` where it is interrupted again and again and saves nothing in between
 */
export async function follow(place: Place, run: string, options: FollowOptions): Promise<Followed> {
  const { say, signal, isResuming, patienceMs = 1000 } = options;
  const gate = new LineGate(options.seen);
  const unnumbered = new Map<string, number>();
  let waitMs = patienceMs;
  let isLost = false;
  let tries = 0;
  const progress: (number | null)[] = [];
  while (!signal.aborted) {
    try {
      const live = await place.find(run);
      if (isLost) say('Connected again.');
      isLost = false;
      if (live !== null) {
        const before = gate.seen.number;
        await showLive(place, run, live, gate, unnumbered, options);
        if (signal.aborted) break;
        if (gate.seen.number !== before) [waitMs, tries] = [patienceMs, 0];
        if (await live.isRunning()) {
          // The stream ended, the run did not.
          await wait(waitMs, signal);
          waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
          continue;
        }
      }
      await using container = await place.open();
      const standing = await readStanding(readerIn(container), place.results, run);
      await showRest(container, place.results, run, standing, gate, options);
      const ending = endingOf(standing);
      if (!isResuming || !['interrupted', 'gone', 'not started'].includes(ending))
        return { ending, standing };
      progress.push(standing.savedStep);
      refuseIdleness(run, standing, progress);
      say(`${describeEnding(standing)} It goes on from ${standing.savedStep === null ? 'the start' : `step ${standing.savedStep}`}.`); // biome-ignore format: one sentence
      if (await startAgain(place, standing, gate.seen.attempt, options)) continue;
      progress.pop();
      await wait(waitMs, signal);
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof BgbError && !(PASSING.includes(error.code) && ++tries < PASSING_TRIES))
        throw error;
      if (!isLost)
        say(`Connection lost (${messageOf(error).split('\n')[0]}); the run goes on. Trying again.`);
      isLost = true;
      await wait(waitMs, signal);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
  }
  return { ending: null, standing: null };
}

/** Starts the next attempt, waiting where the place has no machine now; false where someone else who follows it was first. */
async function startAgain(
  place: Place,
  { job, attempts }: Standing,
  seen: number,
  { say, signal, capacityWaitMs = 60_000 }: FollowOptions,
): Promise<boolean> {
  const attempt = Math.max(seen, attempts.at(-1)?.number ?? 0) + 1;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      await place.start(job, attempt);
      return true;
    } catch (error) {
      if (error instanceof BgbError && error.code === 'PLACE_RUN_LIVE') return false;
      if (!(error instanceof BgbError) || error.code !== 'PLACE_CAPACITY') throw error;
      if (isFirst) say(`${error.message} The run is saved; trying again every minute.`);
      await wait(capacityWaitMs, signal);
    }
  }
  return true;
}

function refuseIdleness(run: string, standing: Standing, progress: readonly (number | null)[]): void {
  const lately = progress.slice(-IDLE_ATTEMPTS);
  if (lately.length < IDLE_ATTEMPTS || new Set(lately).size > 1) return;
  throw new BgbError(
    'PLACE_NO_PROGRESS',
    `The run ${run} was interrupted ${IDLE_ATTEMPTS} times in a row without saving anything in between; it is not started again. ${describeEnding(standing)} Lower training.checkpoint_minutes, or see what its last lines say; then bgb modal resume ${run}.`,
  );
}

async function showLive(
  place: Place,
  run: string,
  live: Live,
  gate: LineGate,
  unnumbered: Map<string, number>,
  options: FollowOptions,
): Promise<void> {
  const splitter = new LineSplitter();
  let index = 0;
  const take = async (text: string) => {
    const line = parseLine(text);
    if (line !== null) return await show(line, place, run, live, gate, options);
    // What was written before the attendant was there; a stream that starts anew repeats it.
    if (++index <= (unnumbered.get(live.id) ?? 0) || text === '') return;
    unnumbered.set(live.id, index);
    options.onLine({ attempt: 0, number: index, kind: 'text', text });
  };
  for await (const piece of live.output(options.signal)) {
    for (const text of splitter.push(piece)) await take(text);
    if (options.signal.aborted) return;
  }
  for (const text of splitter.end()) await take(text);
}

async function show(
  line: NumberedLine,
  place: Place,
  run: string,
  live: Live,
  gate: LineGate,
  { onLine }: FollowOptions,
): Promise<void> {
  const { isNew, missing } = gate.look(line);
  if (!isNew) return;
  for (const each of missing) for (const found of await readMissing(place, run, live, each)) onLine(found);
  gate.pass(line);
  onLine(line);
}

/** From the run's own container, which has the newest; from another where that cannot be asked, or has just ended. */
async function readMissing(place: Place, run: string, live: Live, missing: Missing): Promise<NumberedLine[]> {
  if (live.container !== null) {
    try {
      return await readLines(live.container, place.results, run, missing);
    } catch {
      // Asked below.
    }
  }
  await using container = await place.open();
  return await readLines(container, place.results, run, missing);
}

/** What was written after the last line that came through. */
async function showRest(
  container: Container,
  results: string,
  run: string,
  { attempts }: Standing,
  gate: LineGate,
  { onLine }: FollowOptions,
): Promise<void> {
  for (const { number: attempt } of attempts) {
    const { seen } = gate;
    if (attempt < seen.attempt) continue;
    const from = attempt === seen.attempt ? seen.number + 1 : 1;
    for (const line of await readLines(container, results, run, { attempt, from, to: null })) {
      gate.pass(line);
      onLine(line);
    }
  }
}

/** Lines of an attempt, from where they are kept with the run. */
export async function readLines(
  container: Container,
  results: string,
  run: string,
  { attempt, from, to }: Missing,
): Promise<NumberedLine[]> {
  const path = deskOf(results, run).lines(attempt);
  const script = `[ -f "$0" ] || exit 0; tail -n +${from} "$0"${to === null ? '' : ` | head -n ${to - from + 1}`}`;
  const { output } = await mustExecute(container, ['sh', '-c', script, path]);
  const splitter = new LineSplitter();
  // A last line without its end was cut by whatever ended the attempt.
  return splitter.push(output.toString('utf8')).flatMap((text) => parseLine(text) ?? []);
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, null, { signal }).catch(() => undefined);
}
