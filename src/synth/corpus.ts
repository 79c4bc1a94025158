import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { SPLITS, type Split } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import { isTemporaryName, makeFolder, removeStaleTemporaries, writeAtomic } from '../files/index.ts';
import { gib } from '../words.ts';
import { drawPatient, type Patient } from './patient.ts';
import { PatientCourse, type RecordingOutline } from './patient-course.ts';
import { PROFILES, type ProfileName } from './profile.ts';
import { edfBytes, type SynthResult, type SynthTask } from './recording-files.ts';
import { makeRecordings } from './synth-pool.ts';
import { SYNTH_VERSION } from './truth.ts';

export interface SynthOptions {
  readonly outDir: string;
  readonly profile: ProfileName;
  readonly patients: number;
  /** At least so many, less than one recording more. */
  readonly hours: number;
  readonly seed: number;
  /** Recordings made at once, each on a thread of its own. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number, result: SynthResult) => void;
}

/** Counts of a split, or of all. */
export interface SynthTotals {
  readonly patients: number;
  readonly recordings: number;
  readonly hours: number;
  readonly seizures: number;
  readonly seizure_hours: number;
  readonly negatives: number;
  readonly twins: number;
}

export interface SynthReport {
  readonly profile: ProfileName;
  readonly seed: number;
  readonly made: number;
  readonly kept: number;
  readonly total: SynthTotals;
  readonly splits: Readonly<Partial<Record<Split, SynthTotals>>>;
}

const PARAMETERS_FILE = 'synth.json';
const CORPUS_FILE = 'corpus.json';

const parametersSchema = z.strictObject({
  format: z.literal('bgb-synth'),
  version: z.int(),
  profile: z.string(),
  seed: z.int(),
  patients: z.int(),
  hours: z.number(),
});

/**
 * Recordings of a corpus: always the next of the patient of whom there is the least, until there are hours enough. So
 * patients have equal times, and the shares of the profile hold, although recordings with seizures are longer. More
 * hours only add recordings; each is the same in every corpus of its seed and profile.
 */
export function listRecordingsToMake({
  seed,
  profile,
  patients,
  hours,
}: Pick<SynthOptions, 'seed' | 'profile' | 'patients' | 'hours'>): {
  all: RecordingOutline[];
  patients: Patient[];
} {
  const drawn = Array.from({ length: patients }, (_, index) => drawPatient(seed, PROFILES[profile], index));
  const courses = drawn.map((patient) => new PatientCourse(seed, PROFILES[profile], patient));
  const recordedS = new Float64Array(patients);
  const all: RecordingOutline[] = [];
  for (let seconds = 0; seconds < hours * 3600; ) {
    let least = 0;
    for (let index = 1; index < patients; index++) if (recordedS[index]! < recordedS[least]!) least = index;
    const outline = courses[least]!.next();
    all.push(outline);
    recordedS[least]! += outline.durationS;
    seconds += outline.durationS;
  }
  return { all, patients: drawn };
}

/**
 * Makes a corpus in TUSZ's layout. Can be interrupted and repeated at any moment and then does only what is missing;
 * the bytes are the same for any number of jobs.
 *
 * @throws InputError `SYNTH_FOLDER` for a folder of something else, `SYNTH_SPACE`
 */
export async function makeCorpus(options: SynthOptions): Promise<SynthReport> {
  const { outDir, profile, seed, jobs, signal, onProgress } = options;
  await requireSpace(outDir, LEAST_BYTES_AN_HOUR * options.hours);
  const { all, patients } = listRecordingsToMake(options);
  await requireSpace(
    outDir,
    all.reduce((sum, outline) => sum + edfBytes(outline), 0),
  );
  await claimFolder(options);
  await removeStaleTemporaries(outDir);
  const tasks: SynthTask[] = all.map(({ patient, index }) => ({
    outDir,
    seed,
    profile,
    patient: patient.index,
    recording: index,
  }));
  let done = 0;
  const results = await makeRecordings(tasks, jobs, signal, (result) =>
    onProgress(++done, tasks.length, result),
  );
  const report = reportOf(options, all, results);
  await writeAtomic(
    join(outDir, CORPUS_FILE),
    `${JSON.stringify(corpusRecord(options, patients, all, results, report), null, 1)}\n`,
  );
  return report;
}

/** Says in the folder what it is to hold; a corpus may only grow. */
async function claimFolder({ outDir, profile, seed, patients, hours }: SynthOptions): Promise<void> {
  const found = await readdir(outDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[];
    throw error;
  });
  const path = join(outDir, PARAMETERS_FILE);
  if (found.includes(PARAMETERS_FILE)) {
    const there = await readParameters(path);
    const isSame = there.version === SYNTH_VERSION && there.profile === profile && there.seed === seed;
    if (!isSame || there.patients !== patients || there.hours > hours)
      throw new InputError(
        'SYNTH_FOLDER',
        `${outDir} holds a corpus of profile ${there.profile}, seed ${there.seed}, ${there.patients} patients, ${there.hours} h (version ${there.version}). It can be completed with these, or grow in hours; asked for were profile ${profile}, seed ${seed}, ${patients} patients, ${hours} h (version ${SYNTH_VERSION}). Choose another --out.`,
      );
  } else if (found.some((name) => !isTemporaryName(name)))
    throw new InputError(
      'SYNTH_FOLDER',
      `${outDir} is not empty and holds no corpus of bgb synth. Choose another --out.`,
    );
  await makeFolder(outDir);
  const parameters = { format: 'bgb-synth', version: SYNTH_VERSION, profile, seed, patients, hours };
  await writeAtomic(path, `${JSON.stringify(parameters, null, 1)}\n`);
}

async function readParameters(path: string) {
  try {
    return parametersSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new InputError(
      'SYNTH_FOLDER',
      `Cannot read ${path}: ${messageOf(cause)}. Choose another --out, or remove the folder.`,
      { cause },
    );
  }
}

/** Of 20 signals at 250 Hz: what cannot fit is refused before recordings are even listed. */
const LEAST_BYTES_AN_HOUR = 3600 * 250 * 20 * 2;

async function requireSpace(outDir: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(await existingAbove(resolve(outDir)));
  const found = bavail * bsize;
  if (needed <= found) return;
  throw new InputError(
    'SYNTH_SPACE',
    `The corpus takes ${gib(needed)} and ${outDir} has ${gib(found)} left. Ask for fewer --hours, or choose another --out.`,
  );
}

async function existingAbove(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : existingAbove(dirname(path));
}

function reportOf(
  { profile, seed }: SynthOptions,
  all: readonly RecordingOutline[],
  results: readonly SynthResult[],
): SynthReport {
  const totals = (places: readonly number[]): SynthTotals => {
    const sum = (value: (result: SynthResult) => number) =>
      places.reduce((total, place) => total + value(results[place]!), 0);
    return {
      patients: new Set(places.map((place) => all[place]!.patient.index)).size,
      recordings: places.length,
      hours: sum(({ durationS }) => durationS) / 3600,
      seizures: sum(({ seizures }) => seizures),
      seizure_hours: sum(({ seizureS }) => seizureS) / 3600,
      negatives: sum(({ negatives }) => negatives),
      twins: sum(({ twins }) => twins),
    };
  };
  const places = [...all.keys()];
  const splits: Partial<Record<Split, SynthTotals>> = {};
  for (const split of SPLITS) {
    const own = places.filter((place) => all[place]!.patient.split === split);
    if (own.length > 0) splits[split] = totals(own);
  }
  const kept = results.filter(({ isKept }) => isKept).length;
  return { profile, seed, made: results.length - kept, kept, total: totals(places), splits };
}

/** What `corpus.json` holds: no times of day and nothing of how it was made, so that it is the same each time. */
function corpusRecord(
  { profile, seed, patients: count, hours }: SynthOptions,
  patients: readonly Patient[],
  all: readonly RecordingOutline[],
  results: readonly SynthResult[],
  { total, splits }: SynthReport,
) {
  return {
    format: 'bgb-synth-corpus',
    version: SYNTH_VERSION,
    parameters: { profile, seed, patients: count, hours },
    profile: PROFILES[profile],
    total,
    splits,
    patients: patients.map(({ sources, sourceLevels: _, ...patient }) => ({
      ...patient,
      sources: sources.length,
    })),
    recordings: results.map(({ isKept: _, ...result }, place) => ({
      ...result,
      patient: all[place]!.patient.id,
    })),
  };
}
