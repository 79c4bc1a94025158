import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { readEnvironment } from '../config/index.ts';
import { findRun, RUN_FILES, type RunStatus, TextFollower, watchRun } from '../runs/index.ts';
import { shellWord } from '../words.ts';
import type { AttachOptions } from './attach.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { Progress } from './progress.ts';
import { activityText, endText, exitCodeOfRun } from './run-texts.ts';
import { listenForSignals } from './signals.ts';

const LOOK_MS = 500;

/** Lines of the log from before that are shown. */
const EARLIER_LINES = 20;

/**
 * Shows a run as the terminal that started it would: log lines and progress, until it ends.
 *
 * @throws SaidAlready with the run's exit code, unless it has finished; Interruption on Ctrl-C, and the run goes on
 */
export async function attach(run: string, options: AttachOptions): Promise<void> {
  const environment = readEnvironment();
  const folder = await findRun(run, options.in);
  const log = new TextFollower(join(folder, RUN_FILES.log), EARLIER_LINES);
  using signals = listenForSignals({ hasHangUp: true });
  let progress: Progress | null = null;
  let last: RunStatus | null = null;
  const watching = { everyMs: LOOK_MS, now: () => new Date(), signal: signals.signal };
  try {
    for await (const { status } of watchRun(folder, watching)) {
      last = status;
      for (const line of await log.newLines()) {
        if (progress === null) process.stderr.write(`${shownLine(line)}\n`);
        else progress.print(shownLine(line));
      }
      if (status.steps === null || status.step === 0) continue;
      progress ??= new Progress({
        label: status.name,
        total: status.steps,
        unit: 'steps',
        done: status.step,
        stream: process.stderr,
        isPlain: environment.isProgressPlain,
        intervalS: 10,
        now: Date.now,
      });
      progress.update(status.step, activityText(status));
    }
  } finally {
    progress?.[Symbol.dispose]();
  }
  if (last === null || signals.received !== null) {
    const word = shellWord(folder);
    throw new Interruption(
      signals.received ?? 'SIGINT',
      `detached; the run goes on. Come back with: bgb attach ${word}  Stop it with: bgb stop ${word}`,
    );
  }
  process.stderr.write(`${endText(last)}\n`);
  const code = exitCodeOfRun(last);
  if (code !== 0) throw new SaidAlready(code);
}

/** A line of run.log as it was written to the terminal: with the time of day alone, and nothing that moves its cursor. */
function shownLine(line: string): string {
  const plain = stripVTControlCharacters(line).replaceAll(/\p{Cc}/gu, ' ');
  return plain.replace(/^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\.\d+Z /, '$1 ');
}
