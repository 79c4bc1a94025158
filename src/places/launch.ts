import { BgbError, InputError, messageOf } from '../errors.ts';
import { checkRunName, deskOf, type Job, jobText } from './job.ts';
import type { Container, Live, Place } from './place.ts';
import { mustExecute, readerIn, readFiles, writeFile } from './remote-files.ts';
import { describeEnding, readStanding } from './standing.ts';

/**
 * Starts a run under its name, which nobody else can take meanwhile.
 *
 * @param prepare is called with a container that sees the results, before anything is written
 * @throws InputError `PLACE_RUN_LIVE`, `PLACE_RUN_EXISTS` where the name is taken; `PLACE_RUN_NAME`
 */
export async function launch(
  place: Place,
  job: Job,
  prepare: (container: Container) => Promise<void>,
): Promise<Live> {
  checkRunName(job.run);
  return await told(place, job.run, async () => {
    await refuseLive(place, job.run);
    await using container = await place.open(`${job.run}.launch`);
    await refuseTaken(container, place.results, job);
    await prepare(container);
    const desk = deskOf(place.results, job.run);
    try {
      // Also what a launch has left that came to nothing.
      await mustExecute(container, ['rm', '-rf', desk.stop, desk.call, desk.attempts, desk.console]);
      await writeFile(container, desk.job, jobText(job), job.commit);
      return await place.start(job, 1);
    } catch (error) {
      const isOthers = error instanceof BgbError && error.code === 'PLACE_RUN_LIVE';
      if (!isOthers) await takeBack(container, desk.folder, job).catch(() => undefined);
      throw error;
    }
  });
}

/** Leaves nothing of a start that came to nothing. */
async function takeBack(container: Container, folder: string, { commit }: Job): Promise<void> {
  await mustExecute(container, ['rm', '-rf', folder]);
  if (commit !== null) await mustExecute(container, commit);
}

/** Whatever goes wrong while a run is started is told in a sentence, as something that can be tried again. */
async function told<Result>(place: Place, run: string, start: () => Promise<Result>): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof BgbError)
      throw new InputError(error.code, `${error.message} ${run} was not started.`, { cause: error });
    throw new InputError(
      'PLACE_UNREACHABLE',
      `The connection to ${place.label} was lost while ${run} was being started (${messageOf(error).split('\n')[0]}). Repeat the command when it is back: it says so if the run was started after all.`,
      { cause: error },
    );
  }
}

/**
 * Goes on with a run that has ended without being done, as it was started.
 *
 * @returns the number of the attempt that begins
 * @throws InputError `PLACE_RUN_LIVE` where it runs, `PLACE_RUN_DONE` where there is nothing left to do
 */
export async function relaunch(place: Place, run: string, say: (sentence: string) => void): Promise<number> {
  checkRunName(run);
  return await told(place, run, async () => {
    await refuseLive(place, run);
    await using container = await place.open(`${run}.launch`);
    const standing = await readStanding(readerIn(container), place.results, run);
    if (standing.isDone)
      throw new InputError(
        'PLACE_RUN_DONE',
        `The run ${run} is done; there is nothing to resume. Fetch it: bgb modal pull ${run}.`,
      );
    say(`${describeEnding(standing)} It goes on from ${standing.savedStep === null ? 'the start' : `step ${standing.savedStep}`}.`); // biome-ignore format: one sentence
    const desk = deskOf(place.results, run);
    await mustExecute(container, ['rm', '-f', desk.stop]);
    const job = { ...standing.job, is_resuming: true };
    await writeFile(container, desk.job, jobText(job), job.commit);
    const attempt = (standing.attempts.at(-1)?.number ?? 0) + 1;
    try {
      await place.start(job, attempt);
    } catch (error) {
      // Those who follow it would start what was stopped.
      if (standing.isStopped)
        await writeFile(container, desk.stop, stopText(new Date()), job.commit).catch(() => undefined);
      throw error;
    }
    return attempt;
  });
}

/**
 * Asks a run to save and stop for good, and waits for it.
 *
 * @returns false where nothing of that name runs
 * @throws BgbError `PLACE_STOP` where it does not end in time; it has been killed then
 */
export async function stop(
  place: Place,
  run: string,
  { now, graceMs = 120_000, lookMs = 500 }: { now: () => Date; graceMs?: number; lookMs?: number },
): Promise<boolean> {
  checkRunName(run);
  const desk = deskOf(place.results, run);
  const live = await place.find(run);
  const opened = live?.container == null ? await place.open() : null;
  await using _ = opened;
  const container = opened ?? live!.container!;
  const found = await readFiles(container, [desk.job]);
  if (live === null && !found.has(desk.job)) await readStanding(readerIn(container), place.results, run);
  await writeFile(container, desk.stop, stopText(now()), opened === null ? null : ['sync', place.results]);
  if (live === null) return false;
  await live.interrupt();
  const until = performance.now() + graceMs;
  while (await live.isRunning()) {
    if (performance.now() > until) {
      await live.kill();
      throw new BgbError(
        'PLACE_STOP',
        `The run ${run} did not end within ${graceMs / 1000} s of being asked; it was killed. What it had saved before is there: bgb modal status ${run}.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return true;
}

function stopText(now: Date): string {
  return `${JSON.stringify({ at: now.toISOString() })}\n`;
}

async function refuseLive(place: Place, run: string): Promise<void> {
  if ((await place.find(run)) === null) return;
  throw new InputError(
    'PLACE_RUN_LIVE',
    `A run named ${run} is running at ${place.label}. See it with bgb modal logs ${run} -f, stop it with bgb modal stop ${run}, or use another experiment.output_dir.`,
  );
}

/** Refuses a name that a run has already, or whose output folder holds something. */
async function refuseTaken(container: Container, results: string, job: Job): Promise<void> {
  const found = await readFiles(container, [deskOf(results, job.run).job, `${job.output_dir}/run.json`]);
  if (found.size === 0) return;
  const isKnown = found.has(deskOf(results, job.run).job);
  const standing = isKnown ? await readStanding(readerIn(container), results, job.run) : null;
  // A launch that failed before there was a run, such as in its checks, or that never came so far, left nothing that another
  // could damage; and what was wrong with its configuration is mended by starting it again.
  const hasFailed = standing?.attempts.every(({ is_begun, ended }) => !is_begun || ended?.how === 'failed');
  if (found.size === 1 && hasFailed === true) return;
  const isDone = standing?.isDone === true;
  throw new InputError(
    'PLACE_RUN_EXISTS',
    isDone
      ? `The run ${job.run} is there and done. Fetch it with bgb modal pull ${job.run}, or use another experiment.output_dir.`
      : `The run ${job.run} is there and not done. Go on with it: bgb modal resume ${job.run}; or use another experiment.output_dir.`,
  );
}
