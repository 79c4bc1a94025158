/**
 * What trivial detectors find in the shifted patients of a synthetic corpus: single numbers of windows of 10 s, and a
 * logistic regression on the gate's thirty, fitted on the patients of `train`. To be read beside `bgb evaluate`.
 *
 *     bash scripts/with-node.sh bench/synthetic-baselines.ts CORPUS [--jobs N] [--fit 200]
 *
 * One alarm is a run of windows above a threshold; thresholds are quantiles of the scores. Intervals as in `bgb evaluate`.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PatientBootstrap } from '../src/score/evaluation/patient-bootstrap.ts';
import { PatientSweep } from '../src/score/evaluation/patient-sweep.ts';
import { fitLogisticRegression, logOdds, plainThresholdDetector } from '../src/score/index.ts';
import { type MeasuredRecording, measureRecording, WINDOW_S } from '../src/synth/gate/measure-recording.ts';
import { BAND_NAMES, type WindowMeasures } from '../src/synth/gate/window-features.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: String(availableParallelism()) },
    fit: { type: 'string', default: '200' },
  },
});
const [corpus] = positionals as [string];
const RATES = [24, 10, 1];

process.on('message', async (names: readonly string[]) => {
  for (const name of names) process.send!(await measureRecording(join(corpus, name), name));
  process.disconnect();
});
if (process.send === undefined) await compare();

async function measured(names: readonly string[]): Promise<MeasuredRecording[]> {
  const jobs = Math.min(Number(options.jobs), names.length);
  const found = new Map<string, MeasuredRecording>();
  await Promise.all(
    Array.from({ length: jobs }, async (_, job) => {
      const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
        serialization: 'advanced',
      });
      child.on('message', (recording: MeasuredRecording) => found.set(recording.name, recording));
      child.send(names.filter((_, index) => index % jobs === job));
      const code = await new Promise((resolve) => child.on('exit', resolve));
      if (code !== 0) throw new Error(`a process that measures recordings ended with ${code}`);
    }),
  );
  return names.map((name) => found.get(name)!);
}

/** Fitted on windows that are all seizure or all background. */
function regressionOn(recordings: readonly MeasuredRecording[]): (window: WindowMeasures) => number {
  const rows: Float64Array[] = [];
  const labels: number[] = [];
  for (const { windows, labels: own } of recordings)
    windows.forEach(({ features }, index) => {
      if (own[index] === 2) return;
      rows.push(features);
      labels.push(own[index]!);
    });
  const model = fitLogisticRegression(rows, labels);
  return ({ features }) => logOdds(model, features);
}

/** Half of all scores up to the highest, in equal steps of the logarithm of the share above. */
function thresholdsOf(scores: readonly number[]): number[] {
  const sorted = scores.toSorted((a, b) => a - b);
  const steps = 300;
  const above = (step: number) => 0.5 * (2 / sorted.length) ** (step / steps);
  const quantiles = Array.from({ length: steps + 1 }, (_, step) => sorted[Math.floor((1 - above(step)) * sorted.length)]!); // biome-ignore format: one line
  return [...new Set([...quantiles, sorted.at(-1)!])];
}

async function compare() {
  const { recordings } = JSON.parse(readFileSync(join(corpus, 'corpus.json'), 'utf8')) as {
    recordings: { path: string }[];
  };
  const of = (split: string) =>
    recordings.map(({ path }) => path).filter((path) => path.startsWith(`${split}/`));
  const train = of('train');
  const every = Math.max(1, Math.floor(train.length / Number(options.fit)));
  const fitted = await measured(train.filter((_, index) => index % every === 0));
  const judged = await measured(of('eval'));
  const patients = [...new Set(judged.map(({ patient }) => patient))].sort();
  const detectors: Record<string, (window: WindowMeasures) => number> = {
    RMS: ({ rms }) => rms,
    'line length': ({ lineLength }) => lineLength,
    'logistic regression, 30 features': regressionOn(fitted),
  };
  BAND_NAMES.forEach((band, index) => {
    detectors[`${band} power`] = ({ bandPowers }) => bandPowers[index]!;
    detectors[`relative ${band} power`] = ({ relativePowers }) => relativePowers[index]!;
  });
  const results = Object.entries(detectors).map(([detector, score]) => {
    const curves = judged.map(({ windows }) => Float64Array.from(windows, score));
    const thresholds = thresholdsOf(curves.flatMap((curve) => [...curve]));
    const sweep = new PatientSweep(thresholds, plainThresholdDetector());
    judged.forEach(({ name, patient, seizures }, index) => {
      const probabilities = curves[index]!;
      const rows = probabilities.length;
      if (rows === 0) return;
      sweep.add(
        patients.indexOf(patient),
        { name, recorded: [{ startS: 0, endS: rows * WINDOW_S }], references: seizures },
        { probabilities, sampleRate: 1 / WINDOW_S, segments: [{ firstRow: 0, rows, startSample: 0 }] },
      );
    });
    const figures = sweep.figures(RATES, new PatientBootstrap(patients.map((_, index) => index)));
    return { detector, ...Object.fromEntries(RATES.map((rate, i) => [`at_${rate}_fa_per_24h`, figures[i]])) };
  });
  const seizures = judged.reduce((sum, each) => sum + each.seizures.length, 0);
  const hours = judged.reduce((sum, { windows }) => sum + windows.length * WINDOW_S, 0) / 3600;
  console.log(JSON.stringify({ fitted_on: fitted.length, patients: patients.length, seizures, hours, results }, null, 1)); // biome-ignore format: one line
}
