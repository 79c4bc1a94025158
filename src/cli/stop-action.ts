import { findRun, isGoingOn, stopRun } from '../runs/index.ts';
import { shellWord } from '../words.ts';
import { Interruption, SaidAlready } from './exit.ts';
import { writeJson } from './output.ts';
import { endText, statusDocument } from './run-texts.ts';
import { listenForSignals } from './signals.ts';
import type { StopOptions } from './stop.ts';

/**
 * Stops a run and says what was saved.
 *
 * @throws SaidAlready 1 where it has not ended in time, or ended otherwise than saved; InputError as `stopRun`
 */
export async function stop(run: string, options: StopOptions): Promise<void> {
  const folder = await findRun(run, options.in);
  using signals = listenForSignals({ hasHangUp: true });
  const status = await stopRun(folder, {
    waitS: options.wait,
    now: () => new Date(),
    onAsked: () => {
      if (options.wait > 0) process.stderr.write('Asked it to save and end; waiting for it.\n');
    },
    signal: signals.signal,
  });
  if (signals.received !== null)
    throw new Interruption(signals.received, `no longer waiting; ${status.name} still saves and ends.`);
  const isLate = isGoingOn(status.state);
  if (options.json) writeJson(statusDocument(status));
  else if (isLate && options.wait === 0)
    process.stdout.write(`${status.name} has been asked to save and end; bgb runs shows when it has.\n`);
  else process.stdout.write(`${endText(status)}\n`);
  if (isLate && options.wait > 0) {
    process.stderr.write(
      `${status.name} has not ended within ${options.wait} s: it does after the step, the recording or the save that it is at. Wait on with: bgb watch ${shellWord(folder)}\n`,
    );
    throw new SaidAlready(1);
  }
  if (status.state === 'failed' || status.state === 'killed') throw new SaidAlready(1);
}
