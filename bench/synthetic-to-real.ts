/**
 * A detector trained on synthetic EEG on the real clips of data/sample, beside the baselines of `bgb demo`: AUROC of
 * stretches of 10 s within a seizure against those before it.
 *
 *     bash scripts/with-node.sh bench/synthetic-to-real.ts RUN [--device cuda]
 *
 * `alone`: each stretch is a recording of its own, as in the demo, so that nothing but its 10 s can tell. `in its clip`: the
 * same stretches of the curve over the whole clip, which has more context, but the seizure always comes second in it.
 * Baselines see microvolts times random gains, 0.3 to 3; the regression is fitted on the other patients' clips.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { patientOf } from '../src/cache/index.ts';
import { cutSegments } from '../src/demo/segments.ts';
import { openEdf } from '../src/edf/index.ts';
import { logUniform, uniform } from '../src/random/index.ts';
import { auroc, fitLogisticRegression, logOdds } from '../src/score/index.ts';
import { preprocess } from '../src/signal/index.ts';
import { type WindowMeasures, WindowMeter } from '../src/synth/gate/window-features.ts';
import type { Device } from '../src/torch/index.ts';
import { openSource } from '../src/train/evaluation-source.ts';
import { loadModel } from '../src/train/load-model.ts';
import { predictorOf, predictSet } from '../src/train/predict-set.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { device: { type: 'string', default: 'cpu' } },
});
const sample = fileURLToPath(new URL('../data/sample', import.meta.url));
const LENGTH_S = 10;
const DRAWS = 20;

interface Stretch {
  readonly patient: string;
  readonly label: number;
  readonly score: number;
}

const folder = await mkdtemp(join(tmpdir(), 'bgb-bench-'));
try {
  const segments = join(folder, 'segments');
  const cut = await cutSegments(sample, segments, LENGTH_S);
  const model = await loadModel(positionals[0]!, options.device as Device);
  const alone = await predicted(segments, (seizures) => seizures.length > 0);
  const inClip = await predicted(sample, null);
  const windows = await Promise.all(
    cut.map(async ({ patient, name, isSeizure }) => ({
      patient,
      label: isSeizure ? 1 : 0,
      measures: await measure(join(segments, patient, `${name}.edf`)),
    })),
  );
  const patients = [...new Set(windows.map(({ patient }) => patient))].sort();
  const scored = (score: (measures: WindowMeasures, index: number) => number) =>
    windows.map(
      ({ patient, label, measures }, index): Stretch => ({ patient, label, score: score(measures, index) }),
    );
  const withGains = (of: (measures: WindowMeasures) => number) =>
    Array.from({ length: DRAWS }, (_, draw) =>
      scored((measures, index) => of(measures) * logUniform([0.3, 3], uniform(6, draw, index))),
    );
  const regression = scored((measures, index) => {
    const own = windows[index]!.patient;
    const others = windows.filter(({ patient }) => patient !== own);
    const fitted = fitLogisticRegression(others.map(({ measures }) => bands(measures)), others.map(({ label }) => label)); // biome-ignore format: one line
    return logOdds(fitted, bands(measures));
  });
  const detectors: Record<string, Stretch[][]> = {
    'detector, alone': [alone],
    'detector, in its clip': [inClip],
    RMS: withGains(({ rms }) => rms),
    'line length': withGains(({ lineLength }) => lineLength),
    'logistic regression on relative band powers': [regression],
  };
  for (const [name, draws] of Object.entries(detectors)) {
    const mean = (patient: string | null) => {
      const values = draws.map((stretches) => {
        const own = stretches.filter((each) => patient === null || each.patient === patient);
        return auroc(own.map(({ score }) => score), own.map(({ label }) => label)).value!; // biome-ignore format: one line
      });
      return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3);
    };
    console.log(
      `${name.padEnd(46)} all ${mean(null)}  ${patients.map((each) => `${each} ${mean(each)}`).join('  ')}`,
    );
  }
  console.log(`${cut.length} stretches, ${cut.filter(({ isSeizure }) => isSeizure).length} within seizures`);

  /** Stretches of each recording's curve: whole ones within seizures, and those before the first. */
  async function predicted(
    data: string,
    isSeizure: ((seizures: readonly unknown[]) => boolean) | null,
  ): Promise<Stretch[]> {
    const signal = new AbortController().signal;
    await using source = await openSource({ data, patientPattern: null, signal }, model.config);
    const progress = { signal, onProgress: () => undefined };
    const stretches: Stretch[] = [];
    const predictor = predictorOf(model, options.device as Device);
    for await (const { name, curve, references } of predictSet(
      predictor,
      model.config,
      source.entries,
      progress,
    )) {
      const { probabilities, sampleRate, segments: pieces } = curve;
      const rows = LENGTH_S * sampleRate;
      const onset = Math.min(...references.map(({ startS }) => startS * sampleRate));
      for (const { firstRow, rows: length, startSample } of pieces)
        for (const [from, to, label] of isSeizure
          ? [[startSample, startSample + length, isSeizure(references) ? 1 : 0] as const]
          : [
              [startSample, Math.min(onset, startSample + length), 0] as const,
              ...references.map(({ startS, endS }) => [startS * sampleRate, endS * sampleRate, 1] as const),
            ])
          for (
            let start = Math.max(from, startSample);
            start + rows <= Math.min(to, startSample + length);
            start += rows
          ) {
            const first = Math.round(firstRow + start - startSample);
            let score = 0;
            for (let row = first; row < first + rows; row++) score += probabilities[row]! / rows;
            stretches.push({ patient: patientOf(name), label, score });
          }
    }
    return stretches;
  }

  async function measure(path: string): Promise<WindowMeasures> {
    const { preprocessing, data } = model.config;
    const settings = { ...preprocessing, sampling_rate: data.sampling_rate, normalize: 'none' as const };
    const { signal, scale, channels } = await preprocess(await openEdf(path), settings);
    const meter = new WindowMeter(LENGTH_S * data.sampling_rate, channels.length, data.sampling_rate);
    return meter.measure((row, channel) => signal[row * channels.length + channel]! * scale);
  }
} finally {
  await rm(folder, { recursive: true });
}

function bands({ relativePowers }: WindowMeasures): Float64Array {
  return relativePowers.map((share) => Math.log(share + 1e-9));
}
