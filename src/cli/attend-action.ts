import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, readEnvironment, STAGED_CACHE, wholeEnvironment } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import { configJob } from '../modal/index.ts';
import { attend, type Job, jobReplaced, parseJob } from '../places/index.ts';
import type { AttendCommandOptions } from './attend.ts';
import { SaidAlready } from './exit.ts';
import { LongCommand } from './long-command.ts';

/** Attends a run to the end of this attempt. @throws SaidAlready unless it is done */
export async function attendCommand(path: string, options: AttendCommandOptions): Promise<void> {
  const job = /\.ya?ml$/.test(path) ? await jobOfConfig(path, options) : await jobOfStart(path, options);
  using command = new LongCommand('Run', 'attempts', { isProgressPlain: true });
  const code = await attend(job, {
    program: [process.execPath, ...process.execArgv, process.argv[1]!],
    stagingFolder: join(tmpdir(), STAGED_CACHE),
    attempt: Number(options.attempt),
    call: options.call || null,
    write: (text) => process.stdout.write(text),
    now: () => new Date(),
    signal: command.signal,
    environment: wholeEnvironment(),
  });
  if (code !== 0) throw new SaidAlready(code);
}

/** A training that `modal run` started: it has no launching side, and goes on with what its folder holds. */
async function jobOfConfig(path: string, options: AttendCommandOptions): Promise<Job> {
  const { set, token, limit, gpu } = options;
  const loaded = await loadConfig(path, { set, environment: readEnvironment() });
  return await configJob({
    path,
    loaded,
    set,
    gpu,
    limitS: Number(limit),
    token: token ?? null,
    now: new Date(),
  });
}

/** @throws InputError `PLACE_JOB_REPLACED` where the job is another start's */
async function jobOfStart(path: string, { token }: AttendCommandOptions): Promise<Job> {
  const job = parseJob(await textOf(path), path);
  if (token === undefined || token === job.token) return job;
  throw jobReplaced(job.run);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new InputError(
      'PLACE_JOB',
      `Cannot read the job ${path}: ${messageOf(cause)}. Start the run again.`,
      {
        cause,
      },
    );
  }
}
