import { posix } from 'node:path';
import { z } from 'zod';
import { InputError, messageOf } from '../errors.ts';

/** What is to be done under a run's name: enough to start it anew on another machine, years later. */
export const jobRecord = z.strictObject({
  format: z.literal('bgb-job'),
  version: z.literal(1),
  /** The run's name: letters, digits, points, hyphens, underscores. */
  run: z.string(),
  /** Of this launch; two launches of one name differ in it. */
  token: z.string(),
  created_at: z.iso.datetime(),
  /** The whole command line behind `bgb`; CONFIG stands for the path of the configuration below. */
  command: z.array(z.string()),
  config: z.strictObject({ name: z.string(), text: z.string() }).nullable(),
  /** Where the run's own folder will be; null for what is no training. */
  output_dir: z.string().nullable(),
  /** The file whose presence is success; null: exit code 0, as the attempt's record has it. */
  done: z.string().nullable(),
  /** Mount of the results. */
  results: z.string(),
  /** Environment of the command. */
  environment: z.record(z.string(), z.string()),
  /** The same, once: for what comes before the first attempt, or for that where nothing does. */
  environment_once: z.record(z.string(), z.string()),
  /** Added to the command from the second attempt on, and at the first where the run is resumed. */
  resume: z.array(z.string()),
  is_resuming: z.boolean(),
  /** A cache that is copied to the machine's own disk first; the place where it lies then stands in the command as STAGED. */
  stage: z.strictObject({ from: z.string() }).nullable(),
  /** Command lines of bgb that must succeed, in this order, before the first attempt. */
  before: z.array(z.array(z.string())),
  /** Makes written files last, such as `sync /results`; null where writing is enough. */
  commit: z.array(z.string()).nullable(),
  /** Seconds after which the attempt ends by itself, saving, to go on in a new one. */
  limit_s: z.number().positive(),
  /** Hashes that tell what runs: of the code and of the configuration. */
  hashes: z.strictObject({ code: z.string(), config: z.string() }),
  /** What the place needs to start it again, known to the place alone. */
  place: z.record(z.string(), z.json()),
});

/** See {@link jobRecord}. */
export type Job = z.infer<typeof jobRecord>;

/** An attempt, written when it starts and again when it has ended. */
export const attemptRecord = z.strictObject({
  number: z.int().positive(),
  token: z.string(),
  started_at: z.iso.datetime(),
  /** Whether what comes before the command was done. */
  is_begun: z.boolean(),
  /** Attempts that had not said how they ended when this one started: dead, or still running. */
  unended: z.array(z.int().positive()).default([]),
  /** How it ended by its own account; null while it runs, and for good where it was ended without warning. */
  ended: z
    .strictObject({
      at: z.iso.datetime(),
      /** `interrupted`: by a signal or the time limit, to go on later. */
      how: z.enum(['done', 'failed', 'interrupted', 'stopped']),
      code: z.int(),
      /** The last lines it wrote. */
      last: z.array(z.string()),
    })
    .nullable(),
});

/** See {@link attemptRecord}. */
export type Attempt = z.infer<typeof attemptRecord>;

/** Where everything about a run that is not in its own folder lies, below the results. */
export function deskOf(results: string, run: string) {
  const folder = posix.join(results, '.bgb/runs', run);
  return {
    folder,
    job: posix.join(folder, 'job.json'),
    stop: posix.join(folder, 'stop.json'),
    /** What the place knows what runs by, where the name alone does not find it. */
    call: posix.join(folder, 'call.json'),
    attempts: posix.join(folder, 'attempts'),
    console: posix.join(folder, 'console'),
    attempt: (number: number) => posix.join(folder, 'attempts', `${padded(number)}.json`),
    lines: (number: number) => posix.join(folder, 'console', `${padded(number)}.log`),
  };
}

function padded(number: number): string {
  return String(number).padStart(4, '0');
}

/** Content of a desk's `call`. */
export function callText(call: string): string {
  return `${JSON.stringify({ call })}\n`;
}

/** null where the text is none. */
export function callIn(text: string): string | null {
  try {
    const { call } = JSON.parse(text) as { call?: unknown };
    return typeof call === 'string' ? call : null;
  } catch {
    return null;
  }
}

export function jobText(job: Job): string {
  return `${JSON.stringify(job, null, 2)}\n`;
}

/** @throws InputError `PLACE_JOB` where the text is no job */
export function parseJob(text: string, where: string): Job {
  try {
    return jobRecord.parse(JSON.parse(text));
  } catch (cause) {
    throw new InputError(
      'PLACE_JOB',
      `${where} is not a job as bgb writes it: ${messageOf(cause)}. Start the run again, or give its name as it was given then.`,
      { cause },
    );
  }
}

/** @throws InputError `PLACE_JOB` where the text is no attempt */
export function parseAttempt(text: string, where: string): Attempt {
  try {
    return attemptRecord.parse(JSON.parse(text));
  } catch (cause) {
    throw new InputError(
      'PLACE_JOB',
      `${where} is not the record of an attempt as this version of bgb writes it, or is damaged. Use the version that started the run, or remove the file with bgb modal shell.`,
      { cause },
    );
  }
}

/** @throws InputError `PLACE_RUN_NAME` */
export function checkRunName(run: string): void {
  if (/^\w[\w.-]{0,49}$/.test(run)) return;
  throw new InputError(
    'PLACE_RUN_NAME',
    `The run's name '${run}': expected up to 50 letters, digits, points, hyphens and underscores, the first no point or hyphen. It is the last part of experiment.output_dir.`,
  );
}
