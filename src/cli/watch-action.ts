import { readEnvironment } from '../config/index.ts';
import { findRun, isGoingOn, type WatchedRun, watchRun } from '../runs/index.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { endText, exitCodeOfRun, statusDocument } from './run-texts.ts';
import { listenForSignals } from './signals.ts';
import { TerminalScreen } from './terminal-screen.ts';
import type { WatchOptions } from './watch.ts';
import { plainLine, screenLines, secondsLeft } from './watch-screen.ts';

/** ms between two looks; a redrawn screen shows each. */
const LOOK_MS = 1000;

/**
 * Follows a run until it ends.
 *
 * @throws SaidAlready with the run's exit code, unless it has finished; Interruption on Ctrl-C, and the run goes on
 */
export async function watch(run: string, options: WatchOptions): Promise<void> {
  const environment = readEnvironment();
  const folder = await findRun(run, options.in);
  const isScreen =
    !options.json && !options.plain && process.stdout.isTTY === true && !environment.isProgressPlain;
  const drawing = environment.hasBraille ? 'braille' : 'ascii';
  using signals = listenForSignals({ hasHangUp: true });
  using screen = isScreen ? new TerminalScreen(process.stdout) : null;
  const everyMs = Math.min(LOOK_MS, options.interval * 1000);
  let saidAt = Number.NEGATIVE_INFINITY;
  let last: WatchedRun | null = null;
  for await (const watched of watchRun(folder, {
    everyMs,
    now: () => new Date(),
    signal: signals.signal,
  })) {
    last = watched;
    const isDue = Date.now() - saidAt >= options.interval * 1000 || !isGoingOn(watched.status.state);
    if (screen !== null) screen.draw((size) => screenLines(watched, new Date(), { ...size, drawing }));
    else if (isDue) {
      saidAt = Date.now();
      if (options.json) writeLine({ ...statusDocument(watched.status), seconds_left: secondsLeft(watched) });
      else process.stdout.write(`${plainLine(watched, new Date())}\n`);
    }
  }
  screen?.leave();
  if (last === null || signals.received !== null) {
    const name = last?.status.name ?? run;
    throw new Interruption(signals.received ?? 'SIGINT', `no longer watching; ${name} goes on.`);
  }
  if (!options.json) process.stdout.write(`${endText(last.status)}\n`);
  const code = exitCodeOfRun(last.status);
  if (code !== 0) throw new SaidAlready(code);
}

function writeLine(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}
