import { basename, posix, resolve } from 'node:path';
import { readEnvironment } from '../config/index.ts';
import { InputError } from '../errors.ts';
import { type ModalPlace, openTerminal, RESULTS, resourcesOfJob, SHELL } from '../modal/index.ts';
import {
  checkRunName,
  type Ending,
  endingOf,
  listRuns,
  markRemote,
  pull,
  push,
  readerIn,
  readLines,
  readStanding,
  relaunch,
  type Standing,
  stop,
  type Transferred,
  writtenByTwo,
} from '../places/index.ts';
import { atModal } from './at-modal.ts';
import { agreeToCost } from './cost.ts';
import { SaidAlready } from './exit.ts';
import { followRun, startable } from './follow-run.ts';
import { LongCommand } from './long-command.ts';
import type { PlaceOptions } from './modal-options.ts';
import { writeJson } from './output.ts';
import { textTable } from './table.ts';

export { runThere } from './modal-there-action.ts';

/** Whether it runs now, else how it ended. */
type State = 'running' | Ending;

/** One run in full, or a table of all. */
export async function status(run: string | null, options: PlaceOptions & { json?: boolean }): Promise<void> {
  if (run !== null) checkRunName(run);
  const found = await atModal(options, async (place) => {
    const names = run === null ? await listRuns(place, RESULTS) : [run];
    const looked = names.map(async (name) => {
      const standing = await readStanding(place, RESULTS, name);
      const isRunning = standing.isDone ? false : (await place.find(name)) !== null;
      return { standing, state: isRunning ? ('running' as const) : endingOf(standing) };
    });
    if (run !== null) return [await looked[0]!];
    // One whose record cannot be read does not hide the others.
    return (await Promise.allSettled(looked)).flatMap((each) => {
      if (each.status === 'fulfilled') return [each.value];
      if (!(each.reason instanceof InputError) || each.reason.code !== 'PLACE_JOB') throw each.reason;
      process.stderr.write(`Warning: ${each.reason.message}\n`);
      return [];
    });
  });
  if (options.json) {
    const documents = found.map(documentOf);
    writeJson(run === null ? { runs: documents } : documents[0]);
    return;
  }
  for (const { standing } of found) tellMixture(standing);
  if (run !== null) process.stdout.write(describe(found[0]!));
  else if (found.length === 0) process.stdout.write('No runs were started at Modal from here.\n');
  else
    process.stdout.write(
      textTable(
        [
          { heading: 'run' },
          { heading: 'state' },
          { heading: 'step', align: 'right' },
          { heading: 'attempts', align: 'right' },
          { heading: 'started' },
          { heading: 'GPU' },
          { heading: 'code' },
          { heading: 'configuration' },
        ],
        found.map(({ standing, state }) => [
          standing.run,
          state,
          stepOf(standing),
          standing.attempts.length,
          standing.job.created_at.slice(0, 16).replace('T', ' '),
          String(standing.job.place.gpu ?? ''),
          standing.job.hashes.code,
          standing.job.hashes.config,
        ]),
      ),
    );
}

function tellMixture(standing: Standing): void {
  const sentence = writtenByTwo(standing);
  if (sentence !== null) process.stderr.write(`Warning: ${standing.run}: ${sentence}\n`);
}

function stepOf({ heartbeat, savedStep }: Standing): number | null {
  return heartbeat?.step ?? savedStep;
}

function documentOf({ standing, state }: { standing: Standing; state: State }) {
  const { run, job, attempts, savedStep, done } = standing;
  return {
    run,
    state,
    step: stepOf(standing),
    saved_step: savedStep,
    code: job.hashes.code,
    configuration: job.hashes.config,
    output_dir: job.output_dir,
    created_at: job.created_at,
    attempts,
    done: jsonIn(done),
  };
}

/** null also where the text is none. */
function jsonIn(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function describe({ standing, state }: { standing: Standing; state: State }): string {
  const { run, job, attempts, savedStep } = standing;
  const rows: [string, string | number | null][] = [
    ['state', state],
    ['step', stepOf(standing)],
    ['saved at step', savedStep],
    ['folder', job.output_dir],
    ['code, configuration', `${job.hashes.code}, ${job.hashes.config}`],
    ...attempts.map(({ number, started_at, ended }): [string, string] => [
      `attempt ${number}`,
      `${started_at.slice(0, 19).replace('T', ' ')}: ${ended === null ? (state === 'running' && number === attempts.at(-1)!.number ? 'runs' : 'ended without warning') : `${ended.how}, exit code ${ended.code}`}`,
    ]),
  ];
  const last = state === 'failed' ? (attempts.at(-1)?.ended?.last ?? []) : [];
  const ending = last.length > 0 ? `\nIts last lines:\n${last.map((line) => `  ${line}\n`).join('')}` : '';
  return `${textTable([{ heading: 'run' }, { heading: run }], rows)}${ending}`;
}

export async function logs(run: string, options: PlaceOptions & { follow?: boolean }): Promise<void> {
  checkRunName(run);
  await atModal(options, async (place) => {
    if (options.follow === true) {
      // What nobody is paying for now is not started again by looking at it.
      const isResuming = (await place.find(run)) !== null;
      await followRun(place, run, { isResuming, stream: process.stdout });
      return;
    }
    // The run's own container has the newest lines; of one that has ended, any has all.
    const live = await place.find(run);
    await using container = live?.container ?? (await place.open());
    for (const { number } of (await readStanding(readerIn(container), RESULTS, run)).attempts)
      for (const { kind, text } of await readLines(container, RESULTS, run, {
        attempt: number,
        from: 1,
        to: null,
      }))
        if (kind === 'text') process.stdout.write(`${text}\n`);
  });
}

export async function stopRun(run: string, options: PlaceOptions): Promise<void> {
  const wasRunning = await atModal(options, async (place) => {
    process.stderr.write(`Asking ${run} to save and stop ...\n`);
    return await stop(place, run, { now: () => new Date() });
  });
  process.stderr.write(
    wasRunning
      ? `${run} has saved and stopped. Go on with: bgb modal resume ${run}\n`
      : `${run} does not run, and will not be started again by those who follow it.\n`,
  );
}

export async function resume(
  run: string,
  options: PlaceOptions & { detach?: boolean; yes?: boolean },
): Promise<void> {
  checkRunName(run);
  await atModal(options, async (place) => {
    await agreeToResume(place, run, options.yes === true);
    const attempt = await startable(place, run, () =>
      relaunch(place, run, (sentence) => process.stderr.write(`${sentence}\n`)),
    );
    if (options.detach === true) {
      process.stderr.write(`${run} runs on by itself. Come back from anywhere: bgb modal logs ${run} -f\n`);
      return;
    }
    await followRun(place, run, {
      isResuming: true,
      seen: { attempt, number: 0 },
      stream: process.stdout,
    });
    process.stderr.write(`Done. Fetch it: bgb modal pull ${run}\n`);
  });
}

/** Asks about what an attempt costs as the run was started; where there is nothing to resume, resuming says so. */
async function agreeToResume(place: ModalPlace, run: string, isAgreed: boolean): Promise<void> {
  const { job, isDone } = await readStanding(place, RESULTS, run);
  if (isDone || (await place.find(run)) !== null) return;
  await agreeToCost({ resources: resourcesOfJob(job), containers: 1 }, isAgreed);
}

export async function pullRun(
  run: string,
  options: PlaceOptions & { to?: string; json?: boolean },
): Promise<void> {
  checkRunName(run);
  const to = resolve(options.to ?? posix.join('results', run));
  using command = new LongCommand('Fetching', 'files', readEnvironment());
  const { transferred, ending } = await atModal(options, async (place) => {
    const standing = await readStanding(place, RESULTS, run);
    tellMixture(standing);
    if (standing.job.output_dir === null)
      throw new InputError(
        'MODAL_PULL',
        `${run} is no training and has no run folder; see its lines with bgb modal logs ${run}.`,
      );
    await using container = await place.open();
    const options = { ...progressOf(command), identity: 'run.json' };
    return {
      transferred: await resumable(pull(container, standing.job.output_dir, to, options)),
      ending: endingOf(standing),
    };
  });
  command.end();
  await markRemote(to, ending === 'done' ? null : 'Modal');
  report({ ...transferred, folder: to, isDone: ending === 'done' }, options.json === true);
  if (ending !== 'done')
    process.stderr.write(`${run} is not done (${ending}): this is how it stands now. Pull again later.\n`);
}

export async function pushCache(
  cache: string,
  options: PlaceOptions & { to?: string; json?: boolean },
): Promise<void> {
  const to = options.to ?? posix.join(RESULTS, 'cache', basename(resolve(cache)));
  if (!posix.normalize(to).startsWith(`${RESULTS}/`))
    throw new InputError(
      'MODAL_PUSH',
      `--to ${to}: expected a folder in ${RESULTS}, such as ${RESULTS}/cache/tusz.`,
    );
  using command = new LongCommand('Sending', 'files', readEnvironment());
  const transferred = await atModal(options, async (place) => {
    await using container = await place.open();
    const options = { ...progressOf(command), commit: ['sync', RESULTS] };
    return await resumable(push(container, cache, to, options));
  });
  command.end();
  report({ ...transferred, folder: to }, options.json === true);
}

/** Says what becomes of a copy that Ctrl-C ends. */
async function resumable(copying: Promise<Transferred>): Promise<Transferred> {
  try {
    return await copying;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError')
      process.stderr.write('bgb: the same command goes on where this one stops.\n');
    throw error;
  }
}

function progressOf(command: LongCommand) {
  return {
    signal: command.signal,
    onProgress: (done: { files: number; bytes: number }, all: { files: number; bytes: number }) =>
      command.update(done.files, all.files, `${megabytes(done.bytes)} of ${megabytes(all.bytes)}`),
  };
}

function report(result: Transferred & { folder: string; isDone?: boolean }, isJson: boolean): void {
  const { files, copied, bytes, folder, isDone } = result;
  if (isJson)
    writeJson({ folder, files, copied, bytes, ...(isDone === undefined ? {} : { is_done: isDone }) });
  else
    process.stdout.write(
      `${folder}: ${files} files, each the same by SHA-256; ${copied} copied now (${megabytes(bytes)}).\n`,
    );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export async function shell(options: PlaceOptions): Promise<void> {
  if (process.stdin.isTTY !== true)
    throw new InputError('MODAL_SHELL', 'bgb modal shell needs a terminal. For one command, type it there.');
  await agreeToCost({ resources: SHELL, containers: 1 }, true);
  const code = await atModal(options, (place) => openTerminal(place, process.stdin, process.stdout));
  if (code !== 0) throw new SaidAlready(code);
}
