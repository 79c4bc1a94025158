import { join } from 'node:path';
import { type BuildOptions, buildCache, scanSplit } from '../cache/index.ts';
import type { Config, LoadedConfig } from '../config/index.ts';
import { windowShapeOf } from '../data/index.ts';
import { auroc } from '../score/index.ts';
import { noGrad, scope } from '../torch/index.ts';
import { DeviceWindows, loadModel, startTraining, type TrainingProgress } from '../train/index.ts';
import { BASELINES, type BaselineName, fitBaselines } from './baselines.ts';
import { openTestWindows, randomGains, type TestWindows } from './test-windows.ts';

/** AUROC over the windows of the patient left out, mean over draws of the gains. */
export interface FoldResult {
  readonly patient: string;
  readonly seed: number;
  readonly trainedOn: readonly string[];
  readonly windows: { readonly seizure: number; readonly background: number };
  readonly model: number;
  /** The same without random gains, for comparison. */
  readonly modelWithoutGain: number;
  readonly baselines: Readonly<Record<BaselineName, number>>;
  readonly run: string;
}

export interface FoldRequest {
  readonly patient: string;
  readonly patients: readonly string[];
  readonly seed: number;
  /** Where segments were cut to. */
  readonly segmentsDir: string;
  /** Of this fold and seed. */
  readonly outputDir: string;
  /** The demo's configuration with these overrides. */
  readonly loadConfig: (set: readonly string[]) => Promise<LoadedConfig>;
  readonly gain: readonly [number, number];
  readonly draws: number;
  readonly root: string;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly interruption: () => NodeJS.Signals | null;
  readonly writeLog: (text: string) => unknown;
  readonly onProgress: (progress: TrainingProgress) => void;
}

/**
 * Trains on all patients but one and scores the windows of that one. Nothing is tuned on it: the number of
 * epochs is fixed, and ranking needs no threshold.
 */
export async function runFold(request: FoldRequest): Promise<FoldResult> {
  const { patient, patients, seed, outputDir } = request;
  const cacheDir = join(outputDir, 'cache');
  const run = join(outputDir, 'run');
  const loaded = await request.loadConfig([
    `data.cache_dir=${cacheDir}`,
    `experiment.output_dir=${run}`,
    `experiment.seed=${seed}`,
  ]);
  const { config } = loaded;
  const shape = windowShapeOf(config.data);
  const trainedOn = patients.filter((each) => each !== patient);
  const microvolts = join(outputDir, 'cache-microvolts');
  for (const [folder, normalize] of [
    [cacheDir, config.preprocessing.normalize],
    [microvolts, 'none'],
  ] as const) {
    for (const each of patients)
      await buildCache(
        buildOptions(request, config, {
          folder,
          normalize,
          patient: each,
          split: each === patient ? 'eval' : 'train',
        }),
      );
    for (const split of ['train', 'eval']) await scanSplit(join(folder, split), shape);
  }
  const outcome = await startTraining({
    loaded,
    isResuming: false,
    isManifestRebuildForced: false,
    root: request.root,
    version: request.version,
    writeLog: request.writeLog,
    now: () => new Date(),
    interruption: request.interruption,
    place: null,
    onPort: () => undefined,
    onStart: () => undefined,
    onProgress: request.onProgress,
  });
  request.signal.throwIfAborted();
  const test = await openTestWindows(cacheDir, 'eval', shape);
  const plain = await openTestWindows(microvolts, 'eval', shape);
  const baselines = fitBaselines(
    await openTestWindows(microvolts, 'train', shape),
    plain,
    config.data.sampling_rate,
  );
  const predict = await predictor(outcome.folder, test, config.training.batch_size);
  const sums = {
    model: 0,
    baselines: Object.fromEntries(BASELINES.map((name) => [name, 0])) as Record<BaselineName, number>,
  };
  for (let draw = 0; draw < request.draws; draw++) {
    const gains = randomGains(test.labels.length, request.gain, seed, draw);
    sums.model += rank(predict(gains), test.labels);
    for (const [name, scores] of Object.entries(baselines(gains)))
      sums.baselines[name as BaselineName] += rank(scores, plain.labels);
  }
  const mean = (sum: number) => sum / request.draws;
  const seizure = test.labels.reduce((sum, label) => sum + label, 0);
  return {
    patient,
    seed,
    trainedOn,
    windows: { seizure, background: test.labels.length - seizure },
    model: mean(sums.model),
    modelWithoutGain: rank(predict(new Float32Array(test.labels.length).fill(1)), test.labels),
    baselines: Object.fromEntries(BASELINES.map((name) => [name, mean(sums.baselines[name])])) as Record<
      BaselineName,
      number
    >,
    run,
  };
}

function buildOptions(
  { segmentsDir, signal }: FoldRequest,
  { preprocessing, data }: Config,
  entry: {
    folder: string;
    normalize: Config['preprocessing']['normalize'];
    patient: string;
    split: 'train' | 'eval';
  },
): BuildOptions {
  return {
    dataDir: join(segmentsDir, entry.patient),
    cacheDir: entry.folder,
    split: entry.split,
    validationSplit: 0,
    seed: 0,
    settings: { ...preprocessing, normalize: entry.normalize, sampling_rate: data.sampling_rate },
    limitFiles: null,
    jobs: 1,
    signal,
    onProgress: () => undefined,
  };
}

/** Scores windows with the trained model: the mean logit of a window. */
async function predictor(run: string, { corpus, labels }: TestWindows, batchSize: number) {
  const { model } = await loadModel(run, 'cpu');
  const windows = new DeviceWindows(corpus, 'cpu');
  return (gains: Float32Array): Float32Array => {
    const scores = new Float32Array(labels.length);
    for (let first = 0; first < labels.length; first += batchSize) {
      const indices = Array.from({ length: Math.min(batchSize, labels.length - first) }, (_, i) => first + i);
      const logits = noGrad(() =>
        scope(() => {
          const { channels } = corpus;
          const factors = Float32Array.from(
            { length: indices.length * channels },
            (_, i) => gains[first + Math.floor(i / channels)]!,
          );
          const { signal } = windows.batch(indices, { factors, places: null });
          return model.forward(signal).mean({ dim: 1 });
        }),
      );
      scores.set(logits.toArray(), first);
      logits.dispose();
    }
    return scores;
  };
}

function rank(scores: ArrayLike<number>, labels: Uint8Array): number {
  const { value, reason } = auroc(scores, labels);
  if (value === null) throw new Error(reason);
  return value;
}
