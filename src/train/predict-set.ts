import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Config, threadsOf } from '../config/index.ts';
import { type LoadedRecording, loadRecording, requireSettings } from '../data/index.ts';
import { labelledEvents, type ProbabilityCurve, recordedSpans } from '../post/index.ts';
import { EXCLUDED, type MeasuredRecording, type TimeSpan, type TypedSeizure } from '../score/index.ts';
import { futureUses } from '../signal/index.ts';
import type { Device } from '../torch/index.ts';
import type { LoadedModel } from './load-model.ts';
import { isMemoryShortage, outOfMemory } from './memory-shortage.ts';
import { precisionOf, setNumerics } from './numerics.ts';
import { type Predictor, predictInTurn, predictorFor } from './predict.ts';
import { typedReferences } from './typed-references.ts';

/** A recording, what the model says of it, and what was annotated. */
export interface PredictedRecording {
  /** The entry's. */
  readonly name: string;
  readonly recording: LoadedRecording;
  readonly curve: ProbabilityCurve;
  readonly recorded: readonly TimeSpan[];
  readonly references: readonly TypedSeizure[];
  readonly excluded: readonly TimeSpan[];
}

/**
 * A model ready to predict on a device, by its own settings. What could run while recording sees its windows one by one
 * there, so it does here: matrix products of several windows at once may differ in the last bit. To be disposed of before
 * weights change.
 */
export function predictorOf({ config, model }: LoadedModel, device: Device): Predictor & Disposable {
  setNumerics({
    threads: threadsOf(config.resources),
    isDeterministic: true,
    hasTf32: config.training.tf32,
  });
  const isAlone = device === 'cpu' && futureUses(config.preprocessing).length === 0;
  return predictorFor(model, {
    device,
    precision: precisionOf(device, config.training),
    batchSize: isAlone ? 1 : config.training.batch_size,
  });
}

/**
 * Predicts cache entries one after the other, whole.
 *
 * @throws InputError `CACHE_*`, `DATA_SETTINGS`, `DATA_CHANNELS`; OutOfMemoryError
 */
export async function* predictSet(
  predictor: Predictor,
  config: Config,
  entries: readonly { readonly folder: string; readonly name: string }[],
  { signal, onProgress }: PredictionProgress,
): AsyncGenerator<PredictedRecording> {
  const settings = {
    preprocessing: { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
    labels: null,
  };
  function* recordings() {
    for (const { folder, name } of entries) {
      const recording = loadRecording(folder, name);
      requireSettings(recording, settings);
      yield recording;
    }
  }
  let done = 0;
  await nextTurn();
  signal.throwIfAborted();
  for (const { recording, curve } of predictedWithin(predictor, recordings(), config)) {
    const { name, labels, segments, sampleRate } = recording;
    yield {
      ...{ name, recording, curve },
      recorded: recordedSpans(segments, sampleRate),
      references: typedReferences(recording),
      excluded: labelledEvents(labels, EXCLUDED, segments, sampleRate),
    };
    onProgress(++done, entries.length, name);
    // Signals and what threads say arrive here.
    await nextTurn();
    signal.throwIfAborted();
  }
}

/** What is measured of it; its signal is no part of that. */
export function measuredOf(predicted: PredictedRecording): MeasuredRecording {
  const { name, recording, curve, recorded, references, excluded } = predicted;
  const { labels, provenance } = recording;
  return { name, patient: provenance.patient, labels, curve, recorded, references, excluded };
}

export interface PredictionProgress {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number, name: string) => void;
}

/** As {@link predictInTurn}. @throws OutOfMemoryError where the memory does not hold a batch */
function* predictedWithin(
  predictor: Predictor,
  recordings: Iterable<LoadedRecording>,
  { postprocessing }: Config,
): ReturnType<typeof predictInTurn<LoadedRecording>> {
  try {
    yield* predictInTurn(predictor, recordings, postprocessing.stitching);
  } catch (error) {
    if (!isMemoryShortage(error)) throw error;
    throw outOfMemory(error, { during: 'predicting', batchSize: predictor.batchSize, fitting: null });
  }
}
