/**
 * How well a plain classifier tells the real clips of data/sample from a corpus of `bgb synth`: AUROC of windows of 10 s, by a
 * logistic regression on the gate's thirty features, and without those that know the amplitude, on patients it was not fitted
 * on. 0.5 would be indistinguishable.
 *
 *     bash scripts/with-node.sh bench/real-or-synthetic.ts CORPUS [--recordings 60]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { listRecordings, patientOf } from '../src/cache/index.ts';
import { configSchema } from '../src/config/index.ts';
import { openEdf } from '../src/edf/index.ts';
import { auroc, fitLogisticRegression, logOdds } from '../src/score/index.ts';
import { preprocess } from '../src/signal/index.ts';
import { FEATURE_NAMES, WindowMeter } from '../src/synth/gate/window-features.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { recordings: { type: 'string', default: '60' } },
});
const [corpus] = positionals as [string];
const sample = fileURLToPath(new URL('../data/sample', import.meta.url));
const [RATE, WINDOW_S] = [256, 10];

interface Window {
  readonly patient: string;
  readonly isReal: boolean;
  readonly features: Float64Array;
}

/** As the gate sees recordings: microvolts, double banana, 0.5 to 70 Hz. */
async function windowsOf(path: string, patient: string, isReal: boolean): Promise<Window[]> {
  const { signal, scale, channels, segments } = await preprocess(await openEdf(path), {
    ...configSchema.parse({}).preprocessing,
    sampling_rate: RATE,
    montage: 'double-banana',
    bandpass: [0.5, 70],
    normalize: 'none',
  });
  const [count, rows] = [channels.length, RATE * WINDOW_S];
  const meter = new WindowMeter(rows, count, RATE);
  return segments.flatMap(({ firstRow, rows: length }) =>
    Array.from({ length: Math.floor(length / rows) }, (_, window) => {
      const first = firstRow + window * rows;
      const { features } = meter.measure((row, channel) => signal[(first + row) * count + channel]! * scale);
      return { patient, isReal, features };
    }),
  );
}

const windows: Window[] = [];
for (const name of await listRecordings(sample))
  windows.push(...(await windowsOf(join(sample, name), patientOf(name), true)));
const { recordings } = JSON.parse(readFileSync(join(corpus, 'corpus.json'), 'utf8')) as {
  recordings: { path: string }[];
};
const every = Math.max(1, Math.floor(recordings.length / Number(options.recordings)));
for (const { path } of recordings.filter((_, index) => index % every === 0))
  windows.push(...(await windowsOf(join(corpus, `${path}.edf`), path.split('/')[1]!, false)));

const real = [...new Set(windows.filter(({ isReal }) => isReal).map(({ patient }) => patient))].sort();
const synthetic = [...new Set(windows.filter(({ isReal }) => !isReal).map(({ patient }) => patient))].sort();
/** Real patients in turn, with a share of the synthetic ones. */
const foldOfPatient = ({ isReal, patient }: Window) =>
  isReal ? real.indexOf(patient) : synthetic.indexOf(patient) % real.length;

/** Every third window. */
const foldOfWindow = new Map(windows.map((window, index) => [window, index % real.length]));

function aurocOn(columns: readonly number[], foldOf: (window: Window) => number): number {
  const pick = ({ features }: Window) => Float64Array.from(columns, (column) => features[column]!);
  const scores: number[] = [];
  const labels: number[] = [];
  real.forEach((_, fold) => {
    const fitted = windows.filter((window) => foldOf(window) !== fold);
    const model = fitLogisticRegression(
      fitted.map(pick),
      fitted.map(({ isReal }) => Number(isReal)),
    );
    for (const window of windows.filter((each) => foldOf(each) === fold)) {
      scores.push(logOdds(model, pick(window)));
      labels.push(Number(window.isReal));
    }
  });
  return auroc(scores, labels).value!;
}

const all = FEATURE_NAMES.map((_, index) => index);
const knowsAmplitude = (name: string) =>
  /log RMS|log line length|log \w+ power$/.test(name) && !/relative/.test(name);
const shapeOnly = all.filter((index) => !knowsAmplitude(FEATURE_NAMES[index]!));
const single = all
  .map((index) => {
    const value = auroc(windows.map(({ features }) => features[index]!), windows.map(({ isReal }) => Number(isReal))).value!; // biome-ignore format: one line
    return { feature: FEATURE_NAMES[index]!, auroc: Math.max(value, 1 - value) };
  })
  .sort((a, b) => b.auroc - a.auroc);
const realWindows = windows.filter(({ isReal }) => isReal).length;
console.log(`${realWindows} windows of ${real.length} real patients, ${windows.length - realWindows} of ${synthetic.length} synthetic ones`); // biome-ignore format: one line
for (const [which, columns] of [
  ['all features', all],
  ['features that do not know the amplitude', shapeOnly],
] as const)
  for (const [over, foldOf] of [
    ['patients', foldOfPatient],
    ['windows', (window: Window) => foldOfWindow.get(window)!],
  ] as const)
    console.log(
      `regression on ${columns.length}, ${which}, over ${over}: ${aurocOn(columns, foldOf).toFixed(3)}`,
    );
for (const { feature, auroc: value } of single.slice(0, 8)) console.log(`${value.toFixed(3)}  ${feature}`);
