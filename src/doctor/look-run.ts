import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leftoversIn } from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import { InputError } from '../errors.ts';
import {
  loadCheckpoint,
  RUN_FILES,
  type RunFingerprint,
  readLastEvents,
  readRunStatus,
} from '../runs/index.ts';
import { successorOf } from './commands.ts';
import type { Computing } from './computing.ts';
import { isStarved, lastSession, neededRate, paceOf } from './pace.ts';
import type {
  CheckpointLook,
  Delivery,
  LoaderProbe,
  RunResidency,
  RunSubject,
  StepPace,
} from './run-subject.ts';

/** Bytes of a log that are read: some thousand steps. */
const TAIL_BYTES = 4 << 20;

/** Reads a run's folder; nothing of it is written, so that it may be running. @throws InputError `RUN_*` */
export async function lookAtRun(
  folder: string,
  config: Config,
  {
    fingerprint,
    computing,
    isQuick,
    isConfigChanged,
    now,
  }: {
    readonly fingerprint: RunFingerprint;
    /** null where its cache may not be measured. */
    readonly computing: Computing | null;
    /** Whether a training asks that goes on: what takes its time is left out. */
    readonly isQuick: boolean;
    readonly isConfigChanged: boolean;
    readonly now: Date;
  },
): Promise<RunSubject> {
  const events = lastSession(await readLastEvents(join(folder, RUN_FILES.events), TAIL_BYTES));
  const { training, data } = config;
  const pace = paceOf(events, {
    windowsPerStep: training.batch_size * training.gradient_accumulation_steps,
    ahead: Math.max(1, data.num_workers),
  });
  const residency = await residencyOf(folder, fingerprint);
  return {
    folder,
    fingerprint,
    status: await readRunStatus(folder, now),
    residency,
    isConfigChanged,
    events,
    pace,
    checkpoints: isQuick ? [] : await checkpointsIn(join(folder, RUN_FILES.checkpoints)),
    barred: await barredLogs(folder),
    leftovers: await leftoversIn(folder, now.getTime()),
    successor: isQuick ? null : await lastSuccessor(folder, now),
    probe:
      isStarved(pace) && residency === 'disk' && computing !== null
        ? await probe(config, pace, computing)
        : null,
  };
}

async function lastSuccessor(folder: string, now: Date): Promise<RunSubject['successor']> {
  let found: RunSubject['successor'] = null;
  for (let next = successorOf(folder); existsSync(join(next, RUN_FILES.run)); next = successorOf(next)) {
    const status = await readRunStatus(next, now).catch(() => null);
    if (status === null) break;
    found = { folder: next, state: status.state };
  }
  return found;
}

/** As the log's first event says; a later session may have said otherwise. */
async function residencyOf(folder: string, { changed }: RunFingerprint): Promise<RunResidency | null> {
  const stated = changed['data.residency'];
  if (stated === 'device' || stated === 'host' || stated === 'disk') return stated;
  const head = (await readFile(join(folder, RUN_FILES.events), 'utf8').catch(() => '')).slice(0, 65_536);
  const found = /"residency":"(device|host|disk)"/.exec(head)?.[1];
  return (found as RunResidency | undefined) ?? null;
}

/** The last checkpoint and those kept before it: their tensors are compared with their hashes. */
async function checkpointsIn(folder: string): Promise<CheckpointLook[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) =>
    /^last(-step-\d+)?\.json$/.test(name),
  );
  const stepOf = (name: string) => Number(/-step-(\d+)/.exec(name)?.[1] ?? Infinity);
  const looks: CheckpointLook[] = [];
  for (const name of names.sort((a, b) => stepOf(b) - stepOf(a))) {
    const path = join(folder, name);
    const look = await loadCheckpoint(path).then(
      async (checkpoint) => {
        await checkpoint[Symbol.asyncDispose]();
        return { problem: null, events: checkpoint.state.events };
      },
      (error: unknown) => {
        if (error instanceof InputError) return { problem: error.message, events: null };
        throw error;
      },
    );
    looks.push({ path, ...look });
    // What is before a whole one does not matter.
    if (look.problem === null) break;
  }
  return looks;
}

/** What terminals are sent to draw a line anew. */
const ERASE_LINE = '\u001b[2K';

/** Logs in which a progress bar was redrawn: lines with carriage returns or escapes. */
async function barredLogs(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /\.(log|out|err)$/.test(name));
  const barred: string[] = [];
  for (const name of names) {
    const text = await readFile(join(folder, name), 'latin1').catch(() => '');
    if (/\r(?!\n)/.test(text) || text.includes(ERASE_LINE)) barred.push(join(folder, name));
  }
  return barred;
}

/** How long each loader is measured, and the workers that are tried. */
const PROBE_S = 0.7;
const TRIED_WORKERS = [2, 4, 8, 16];

/** Measures the loader as it was, then with more workers until it keeps up. null where its cache cannot be read. */
async function probe(config: Config, pace: StepPace, computing: Computing): Promise<LoaderProbe | null> {
  const { num_workers, persistent_workers, prefetch_factor } = config.data;
  try {
    const rateOf = await computing.openProbe(config, PROBE_S);
    const measure = (settings: Delivery['settings']): Delivery => ({
      settings,
      windowsPerS: rateOf(settings),
    });
    const asIs = measure({ num_workers, persistent_workers, prefetch_factor });
    let better: Delivery | null = null;
    for (const workers of TRIED_WORKERS.filter((count) => count > num_workers)) {
      const tried = measure({ num_workers: workers, persistent_workers: true, prefetch_factor });
      if (tried.windowsPerS > LEAST_GAIN * (better ?? asIs).windowsPerS) better = tried;
      else if (better !== null) break;
      if (tried.windowsPerS >= LEAST_GAIN * neededRate(pace)) break;
    }
    return { asIs, better, seconds: PROBE_S };
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** More workers are worth it from here on; less is noise. */
const LEAST_GAIN = 1.2;
