import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCsvBi, writeTuszCsv } from '../annotations/index.ts';
import { writeEdfRecords } from '../edf/index.ts';
import { writeAtomic } from '../files/index.ts';
import { Draws } from './draws.ts';
import { drawPatient, type Patient } from './patient.ts';
import { PatientCourse, type RecordingOutline } from './patient-course.ts';
import { PROFILES, type ProfileName } from './profile.ts';
import { planRecording, type RecordingPlan } from './recording-plan.ts';
import { LARGEST_DIGITAL, RAIL_UV, Renderer, recordedChannels } from './render.ts';
import { TCP_CHANNELS } from './seizures/channel-onsets.ts';
import { countEvents, type RecordingCounts, SYNTH_VERSION, truthOf } from './truth.ts';

/** One recording to be made. */
export interface SynthTask {
  readonly outDir: string;
  readonly seed: number;
  readonly profile: ProfileName;
  readonly patient: number;
  /** Of the patient, from 0. */
  readonly recording: number;
}

/** What a recording turned out to hold. */
export interface SynthResult extends RecordingCounts {
  /** Relative to the corpus, without extension. */
  readonly path: string;
  /** Whether it was there already, whole. */
  readonly isKept: boolean;
}

const DATE = 4;
const RECORDINGS_A_SESSION = 4;
const FOLDERS = { ar: '01_tcp_ar', le: '02_tcp_le', ar_a: '03_tcp_ar_a' } as const;

/** Where a recording lies below the corpus, without extension, as in TUSZ: split/patient/session/montage/name. */
export function recordingPath(seed: number, { patient, index }: RecordingOutline): string {
  const session = `s${String(1 + Math.floor(index / RECORDINGS_A_SESSION)).padStart(3, '0')}`;
  const { year } = sessionStart(seed, patient, index);
  const name = `${patient.id}_${session}_t${String(index % RECORDINGS_A_SESSION).padStart(3, '0')}`;
  return [patient.split, patient.id, `${session}_${year}`, FOLDERS[patient.reference], name].join('/');
}

/** Recordings of a session follow each other on one day. */
function sessionStart(seed: number, patient: Patient, index: number) {
  const draws = new Draws(seed, DATE, patient.index, Math.floor(index / RECORDINGS_A_SESSION));
  const year = 2002 + draws.below(16);
  const two = (value: number) => String(value).padStart(2, '0');
  const hour = 7 + draws.below(8) + 2 * (index % RECORDINGS_A_SESSION);
  return {
    year,
    startedAt: `${year}-${two(1 + draws.below(12))}-${two(1 + draws.below(28))}T${two(hour)}:${two(draws.below(60))}:${two(draws.below(60))}`,
  };
}

/** The outline of one recording of one patient, by the recordings before it. */
export function outlineOf(
  seed: number,
  profile: ProfileName,
  patient: number,
  recording: number,
): RecordingOutline {
  const course = new PatientCourse(seed, PROFILES[profile], drawPatient(seed, PROFILES[profile], patient));
  let outline = course.next();
  while (outline.index < recording) outline = course.next();
  return outline;
}

/**
 * Makes a recording: `.edf`, `.csv`, `.csv_bi`, and last `.json` with the truth, each atomically; where the last is
 * there, all are, and nothing is done.
 *
 * @param throwIfStopped asked once a second of EEG
 */
export async function makeRecording(
  { outDir, seed, profile, patient, recording }: SynthTask,
  throwIfStopped: () => void,
): Promise<SynthResult> {
  const outline = outlineOf(seed, profile, patient, recording);
  const path = recordingPath(seed, outline);
  const plan = planRecording(seed, PROFILES[profile], outline);
  const counts = countEvents(plan);
  const truth = `${JSON.stringify(truthOf(path, seed, profile, plan), null, 1)}\n`;
  const base = join(outDir, path);
  if (await isWhole(base, outline, truth)) return { path, isKept: true, ...counts };
  await writeSamples(`${base}.edf`, seed, plan, throwIfStopped);
  await writeAnnotations(base, plan);
  await writeAtomic(`${base}.json`, truth);
  return { path, isKept: false, ...counts };
}

/** Size of a recording's EDF file, by its header and records. */
export function edfBytes({ patient, durationS }: RecordingOutline): number {
  const signals = recordedChannels(patient.reference).length;
  return 256 * (1 + signals) + 2 * signals * patient.rate * durationS;
}

async function isWhole(base: string, outline: RecordingOutline, truth: string): Promise<boolean> {
  const found = await readFile(`${base}.json`, 'utf8').catch(() => null);
  if (found !== truth) return false;
  const sizes = await Promise.all(
    ['.edf', '.csv', '.csv_bi'].map((extension) =>
      stat(`${base}${extension}`).then(
        ({ size }) => size,
        () => -1,
      ),
    ),
  );
  return sizes[0] === edfBytes(outline) && sizes.every((size) => size > 0);
}

async function writeSamples(
  path: string,
  seed: number,
  plan: RecordingPlan,
  throwIfStopped: () => void,
): Promise<void> {
  const { patient, durationS, index } = plan.outline;
  const renderer = new Renderer(plan);
  const reference = patient.reference === 'le' ? 'LE' : 'REF';
  await writeEdfRecords(path, {
    patient: `${patient.id} X X X`,
    recording: `Synthetic EEG, bgb synth ${SYNTH_VERSION}`,
    startedAt: sessionStart(seed, patient, index).startedAt,
    recordDurationS: 1,
    records: durationS,
    signals: recordedChannels(patient.reference).map((name) => ({
      label: `EEG ${name.toUpperCase()}-${reference}`,
      dimension: 'uV',
      physicalMin: -RAIL_UV,
      physicalMax: RAIL_UV,
      digitalMin: -LARGEST_DIGITAL,
      digitalMax: LARGEST_DIGITAL,
      samplesPerRecord: patient.rate,
    })),
    fill: (second, samples) => {
      throwIfStopped();
      renderer.fill(second, samples);
    },
  });
}

async function writeAnnotations(base: string, { outline, events }: RecordingPlan): Promise<void> {
  const { patient, durationS } = outline;
  const name = base.split('/').at(-1)!;
  const seizures = events.filter(({ plan }) => plan.kind === 'seizure');
  await writeCsvBi(`${base}.csv_bi`, {
    name,
    durationS,
    events: seizures.map(({ startS, endS }) => ({ startS, endS, confidence: 1 })),
  });
  const hasEars = patient.reference !== 'ar_a';
  await writeTuszCsv(`${base}.csv`, {
    name,
    durationS,
    channels: TCP_CHANNELS.filter((channel) => hasEars || !/A[12]/.test(channel)).map((channel) => ({
      channel,
      events: seizures.flatMap(({ plan, startS, endS }) => {
        const onsets = plan.detail.channel_onsets_s as Readonly<Record<string, number>>;
        const onset = onsets[channel];
        return onset === undefined ? [] : [{ startS: startS + onset, endS, label: plan.type }];
      }),
    })),
  });
}
