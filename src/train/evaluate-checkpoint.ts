import { basename, join, resolve } from 'node:path';
import { writeCsvBi } from '../annotations/index.ts';
import { writeNpy } from '../cache/index.ts';
import { type Config, type Split, splitNamed } from '../config/index.ts';
import { writeAtomic } from '../files/index.ts';
import { type DetectedEvent, postprocessCurve } from '../post/index.ts';
import type { CheckpointState } from '../runs/index.ts';
import {
  type EvaluationDocument,
  type EvaluationSettings,
  EventTally,
  evaluationFigures,
  type TrainingPrior,
} from '../score/index.ts';
import { futureUses } from '../signal/index.ts';
import type { Device } from '../torch/index.ts';
import { openSource } from './evaluation-source.ts';
import { type ExcerptPlace, ExcerptSample } from './excerpts.ts';
import { loadModel } from './load-model.ts';
import { openMeasuring } from './measuring.ts';
import { measuredOf, type PredictedRecording, predictorOf, predictSet } from './predict-set.ts';
import { compareReferences } from './reference.ts';
import { describeThresholds, scoredSetOf, seenInTraining, thresholdsInUse, titleNote } from './scored-set.ts';

export interface EvaluationRequest {
  /** A checkpoint file, or a run folder. */
  readonly checkpoint: string;
  /** A cache folder, or recordings with annotations. */
  readonly data: string;
  /** Predict recordings of another reference than was trained on all the same. */
  readonly isReferenceForced: boolean;
  /** Whose recordings they are, where it is not as when trained; see `data.patient_pattern`. */
  readonly patientPattern: string | null;
  /** Where predictions, excerpts and `evaluation.json` are written; null writes none. */
  readonly output: string | null;
  readonly device: Device;
  readonly signal: AbortSignal;
  /** Of recordings that are not cached, before they are predicted. */
  readonly onPreprocessed?: (done: number, all: number, name: string) => void;
  readonly onProgress: (done: number, all: number, name: string) => void;
}

/** Of the draws behind intervals and excerpts. */
const SEED = 0;

/**
 * Predicts and scores every recording below a folder with a trained model, at its own thresholds. Recordings that are not
 * cached yet are preprocessed with the model's own settings.
 *
 * @throws InputError for a checkpoint or data that cannot be used
 */
export async function evaluateCheckpoint(request: EvaluationRequest): Promise<EvaluationDocument> {
  const { device, output, data } = request;
  const loaded = await loadModel(request.checkpoint, device);
  const { config, path, sha256, state } = loaded;
  await using source = await openSource(request, config);
  const references = compareReferences(source.entries, state.references, request.isReferenceForced);
  const set = scoredSetOf(source.entries);
  const thresholds = thresholdsInUse(config.postprocessing.hysteresis, state.thresholds, set);
  const seen = seenInTraining(state, set);
  const corpus = corpusName(data, source.split);
  const { postprocessing, evaluation } = config;
  const settings: EvaluationSettings = {
    ...{ postprocessing, corpus, rates: evaluation.fa_rates, bootstrapSeed: SEED },
    prior: priorOf(state),
  };
  const tally = new EventTally();
  await using measuring = openMeasuring('evaluation', settings, set.recordedS / 3600);
  const missed = new ExcerptSample(SEED);
  const falseAlarms = new ExcerptSample(SEED);
  const channels: string[] = [];
  using predictor = predictorOf(loaded, device);
  for await (const predicted of predictSet(predictor, config, source.entries, request)) {
    const { recording, curve } = predicted;
    const measured = measuredOf(predicted);
    await measuring.add(measured);
    channels.splice(0, Infinity, ...recording.provenance.channels);
    const detections = postprocessCurve(curve, postprocessing);
    const files = await writePredictions(output, predicted, detections, config);
    const events = tally.add({ ...measured, ...files, detections });
    if (output === null) continue;
    missed.add(events.missed, recording, curve);
    falseAlarms.add(events.falseAlarms, recording, curve);
  }
  const figures = evaluationFigures(settings, tally, await measuring.results());
  const excerpts = new Map(
    output === null
      ? []
      : [...(await missed.write(output, 'missed')), ...(await falseAlarms.write(output, 'false-alarm'))],
  );
  const withExcerpts = <Event extends ExcerptPlace>(events: readonly Event[]) =>
    events.map((event) => ({ ...event, excerpt: excerpts.get(event) ?? null }));
  const document: EvaluationDocument = {
    format: 'bgb-evaluation',
    version: 1,
    title: `${path} on ${corpus}${titleNote(thresholds, seen)}`,
    checkpoint: path,
    checkpoint_sha256: sha256,
    checkpoint_step: state.step,
    checkpoint_epoch: state.epoch,
    code_version: state.code_version,
    data,
    split: source.split,
    data_hash: set.dataHash,
    channels,
    excerpt_unit: config.preprocessing.normalize === 'none' ? 'uV' : 'standard deviations',
    left_out: source.leftOut,
    thresholds,
    tuned_on: `${describeThresholds(thresholds)}; sensitivity at a false-alarm rate chooses its threshold on the data it reports`,
    seen_in_training: seen,
    references,
    preprocessing_uses_future: futureUses(config.preprocessing),
    postprocessing,
    ...figures,
    missed_seizures: withExcerpts(figures.missed_seizures),
    false_alarms: withExcerpts(figures.false_alarms),
  };
  if (output !== null)
    await writeAtomic(join(output, 'evaluation.json'), `${JSON.stringify(document, null, 2)}\n`);
  return document;
}

/** The data as given, and of a cache the split. */
function corpusName(data: string, split: Split | null): string {
  const isSplitFolder = splitNamed(basename(resolve(data))) === split;
  return split === null || isSplitFolder ? data : `${data} (${split})`;
}

/** What the checkpoint says of how much seizure its training saw. */
function priorOf({ seizure_shares: shares }: CheckpointState): TrainingPrior | null {
  return shares && { batches: shares.batches, lossOdds: shares.loss_odds, recordings: shares.recordings };
}

/** Writes what was found in a recording, and the probabilities where asked for; paths are below the output folder. */
async function writePredictions(
  output: string | null,
  { name, curve, recorded }: PredictedRecording,
  events: readonly DetectedEvent[],
  { evaluation }: Config,
): Promise<{ predictions: string | null; probabilities: string | null }> {
  if (output === null) return { predictions: null, probabilities: null };
  const stem = name.replace(/\.npz$/, '');
  const predictions = join('predictions', `${stem}.csv_bi`);
  const durationS = recorded.at(-1)!.endS;
  await writeCsvBi(join(output, predictions), { name: basename(stem), durationS, events });
  if (!evaluation.save_predictions) return { predictions, probabilities: null };
  const probabilities = join('probabilities', `${stem}.npy`);
  // 16 bit, in steps of at most 0.0005: half the disk, and NumPy reads it as it is. What is scored is not rounded.
  await writeNpy(join(output, probabilities), Float16Array.from(curve.probabilities));
  return { predictions, probabilities };
}
