import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, messageOf } from '../../errors.ts';
import { logUniform, uniform } from '../../random/index.ts';
import {
  auroc,
  fitLogisticRegression,
  logOdds,
  type Measured,
  plainThresholdDetector,
  type SensitivityAtFalseAlarms,
  SensitivityCurve,
} from '../../score/index.ts';
import { Draws } from '../draws.ts';
import { type MeasuredRecording, measureRecording, WINDOW_S } from './measure-recording.ts';
import { BAND_NAMES, type WindowMeasures } from './window-features.ts';

/** Frozen on 2026-11-25; docs/synth.md says how. */
export const LARGEST_AUROC = 0.8;
export const LARGEST_SENSITIVITY = 0.6;
/** Of seizures against their twins, by evolution. */
export const SMALLEST_EVOLUTION_AUROC = 0.8;
/** With fewer, none of the figures says much. */
const FEWEST_SEIZURES = 10;
const FALSE_ALARMS_PER_24H = 24;

/** Windows are multiplied by gains within these bounds, as those of `bgb demo`; each score is a mean over draws. */
const GAINS = [0.3, 3] as const;
const DRAWS = 10;
const FOLDS = 5;

/** How hard a corpus is. */
export interface GateReport {
  readonly recordings: number;
  readonly patients: number;
  readonly hours: number;
  readonly seizures: number;
  /** Of one number of a window; the larger of it and its complement. */
  readonly aurocOverWindows: Readonly<Record<string, Measured>>;
  /** Of the logistic regression, patients it was not fitted on. */
  readonly regression: {
    readonly sensitivity: SensitivityAtFalseAlarms;
    readonly aurocOverWindows: Measured;
  };
  /** Of whole events: seizures against twins, and against all negatives long enough. */
  readonly evolutionAgainstTwins: Measured;
  readonly evolutionAgainstNegatives: Measured;
  readonly problems: readonly string[];
}

const corpusSchema = z.object({
  format: z.literal('bgb-synth-corpus'),
  recordings: z.array(z.object({ path: z.string() })),
});

/**
 * Measures how hard a synthetic corpus is for what looks at amplitude and spectrum only, and that what defines a
 * seizure is there to be found.
 *
 * @throws InputError `SYNTH_CORPUS`, `SYNTH_TRUTH`
 */
export async function measureGate(
  dir: string,
  {
    signal,
    onProgress,
  }: { signal: AbortSignal; onProgress: (done: number, all: number, name: string) => void },
): Promise<GateReport> {
  const { recordings: listed } = await readCorpus(dir);
  const recordings: MeasuredRecording[] = [];
  for (const { path } of listed) {
    signal.throwIfAborted();
    recordings.push(await measureRecording(join(dir, path), path));
    onProgress(recordings.length, listed.length, path);
  }
  return gateOf(recordings);
}

async function readCorpus(dir: string) {
  const path = join(dir, 'corpus.json');
  try {
    const corpus = corpusSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const isOutside = corpus.recordings.some(
      ({ path: each }) => each.startsWith('/') || each.split('/').includes('..'),
    );
    if (isOutside) throw new Error('it names recordings outside the folder');
    return corpus;
  } catch (cause) {
    throw new InputError(
      'SYNTH_CORPUS',
      `Cannot read ${path}: ${messageOf(cause)}. Expected a finished corpus of bgb synth.`,
      { cause },
    );
  }
}

/** The figures of measured recordings. */
export function gateOf(recordings: readonly MeasuredRecording[]): GateReport {
  const labels = recordings.flatMap((recording) => [...recording.labels]);
  const windows = recordings.flatMap((recording) => [...recording.windows]);
  const aurocOverWindows = singleScores(windows, labels);
  const regression = regressionOf(recordings);
  const evolutions = (isNegative: (type: string) => boolean) => evolutionAuroc(recordings, isNegative);
  const evolutionAgainstTwins = evolutions((type) => type === 'twin');
  const evolutionAgainstNegatives = evolutions(() => true);
  const seizures = recordings.reduce((sum, each) => sum + each.seizures.length, 0);
  const problems: string[] = [];
  if (seizures < FEWEST_SEIZURES)
    problems.push(`${seizures} seizures are too few to tell, at least ${FEWEST_SEIZURES} are needed`);
  for (const [name, { value }] of Object.entries(aurocOverWindows))
    if (value === null || value > LARGEST_AUROC)
      problems.push(`${name} alone has an AUROC of ${value?.toFixed(3) ?? 'none'}, above ${LARGEST_AUROC}`);
  const { sensitivity } = regression;
  if (sensitivity.value === null || sensitivity.value > LARGEST_SENSITIVITY)
    problems.push(
      `the regression finds ${sensitivity.value === null ? `none: ${sensitivity.reason}` : `${(100 * sensitivity.value).toFixed(0)} %`} of the seizures at one false alarm an hour, above ${100 * LARGEST_SENSITIVITY} %`,
    );
  if (evolutionAgainstTwins.value === null || evolutionAgainstTwins.value < SMALLEST_EVOLUTION_AUROC)
    problems.push(
      `evolution tells seizures from twins with an AUROC of ${evolutionAgainstTwins.value?.toFixed(3) ?? 'none'}, below ${SMALLEST_EVOLUTION_AUROC}`,
    );
  return {
    recordings: recordings.length,
    patients: new Set(recordings.map(({ patient }) => patient)).size,
    hours: (windows.length * WINDOW_S) / 3600,
    seizures,
    aurocOverWindows,
    regression,
    evolutionAgainstTwins,
    evolutionAgainstNegatives,
    problems,
  };
}

const GAIN = 20;
const FOLD = 21;

function singleScores(
  windows: readonly WindowMeasures[],
  labels: readonly number[],
): Record<string, Measured> {
  const scores: Record<string, { power: number; of: (window: WindowMeasures) => number }> = {
    RMS: { power: 1, of: ({ rms }) => rms },
    'line length': { power: 1, of: ({ lineLength }) => lineLength },
  };
  BAND_NAMES.forEach((band, index) => {
    scores[`${band} power`] = { power: 2, of: ({ bandPowers }) => bandPowers[index]! };
    scores[`relative ${band} power`] = { power: 0, of: ({ relativePowers }) => relativePowers[index]! };
  });
  return Object.fromEntries(
    Object.entries(scores).map(([name, { power, of }]) => {
      const values = windows.map(of);
      const draws = power === 0 ? 1 : DRAWS;
      let sum = 0;
      for (let draw = 0; draw < draws; draw++) {
        const found = auroc(
          values.map((value, index) => value * logUniform(GAINS, uniform(GAIN, draw, index)) ** power),
          labels,
        );
        if (found.value === null) return [name, found];
        sum += found.value / draws;
      }
      return [name, { value: Math.max(sum, 1 - sum), reason: null }];
    }),
  );
}

/** Fitted on the patients of four folds, tried on those of the fifth, in turn; false alarms pooled. */
function regressionOf(recordings: readonly MeasuredRecording[]): GateReport['regression'] {
  const patients = new Draws(FOLD).shuffled([...new Set(recordings.map(({ patient }) => patient))].sort());
  const foldOf = (patient: string) => patients.indexOf(patient) % FOLDS;
  const scored: { recording: MeasuredRecording; scores: Float64Array }[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows: Float64Array[] = [];
    const labels: number[] = [];
    for (const recording of recordings)
      if (foldOf(recording.patient) !== fold)
        recording.windows.forEach(({ features }, index) => {
          if (recording.labels[index] === 2) return;
          rows.push(features);
          labels.push(recording.labels[index]!);
        });
    if (!labels.includes(1) || !labels.includes(0)) continue;
    const model = fitLogisticRegression(rows, labels);
    for (const recording of recordings)
      if (foldOf(recording.patient) === fold && recording.windows.length > 0)
        scored.push({
          recording,
          scores: Float64Array.from(recording.windows, ({ features }) => logOdds(model, features)),
        });
  }
  const all = scored.flatMap(({ scores }) => [...scores]).sort((a, b) => a - b);
  if (all.length === 0) {
    const reason = 'no fold has seizures and background in the other folds';
    return {
      sensitivity: { value: null, reason, threshold: null },
      aurocOverWindows: { value: null, reason },
    };
  }
  // The highest 12 % of scores in steps, then all quantiles: one alarm an hour is 1 window in 360.
  const thresholds = [
    0.5,
    0.7,
    0.8,
    ...Array.from({ length: 240 }, (_, step) => 0.88 + (0.12 * step) / 240),
  ].map((share) => all[Math.floor(share * all.length)]!);
  const curve = new SensitivityCurve([...new Set([...thresholds, all.at(-1)!])], plainThresholdDetector());
  for (const { recording, scores } of scored)
    curve.add(
      {
        name: recording.name,
        recorded: [{ startS: 0, endS: scores.length * WINDOW_S }],
        references: recording.seizures,
      },
      {
        probabilities: scores,
        sampleRate: 1 / WINDOW_S,
        segments: [{ firstRow: 0, rows: scores.length, startSample: 0 }],
      },
    );
  return {
    sensitivity: curve.sensitivityAtFalseAlarms(FALSE_ALARMS_PER_24H),
    aurocOverWindows: auroc(
      scored.flatMap(({ scores }) => [...scores]),
      scored.flatMap(({ recording }) => [...recording.labels]),
    ),
  };
}

function evolutionAuroc(
  recordings: readonly MeasuredRecording[],
  isNegative: (type: string) => boolean,
): Measured {
  const events = recordings
    .flatMap((recording) => recording.events)
    .filter(({ kind, type, evolution }) => evolution !== null && (kind === 'seizure' || isNegative(type)));
  return auroc(
    events.map(({ evolution }) => evolution!),
    events.map(({ kind }) => (kind === 'seizure' ? 1 : 0)),
  );
}
