import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { writeCsvBi } from '../annotations/index.ts';
import { buildCache, listEntries, splitFolders, writeNpy } from '../cache/index.ts';
import { type Config, configSchema, metricNameOf, type Split, threadsOf } from '../config/index.ts';
import { loadRecording, requireSettings } from '../data/index.ts';
import { InputError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import { createModel } from '../model/index.ts';
import { labelledEvents, postprocessCurve, recordedSpans } from '../post/index.ts';
import { loadCheckpoint } from '../runs/index.ts';
import {
  anyOverlapEvents,
  EXCLUDED,
  eventSensitivity,
  falseAlarmsPer24hRecorded,
  type Measured,
  postprocessingDetector,
  ScorePool,
  SEIZURE,
  SensitivityCurve,
  sampleCounts,
  sensitivityOverSamples,
  specificityOverSamples,
  sumCounts,
  sweepThresholds,
} from '../score/index.ts';
import { futureUses, montageChannels } from '../signal/index.ts';
import type { Device } from '../torch/index.ts';
import { fillModel } from './initial-weights.ts';
import { isMemoryShortage, outOfMemory } from './memory-shortage.ts';
import { precisionOf, setNumerics } from './numerics.ts';
import { type Predictor, predictRecording } from './predict.ts';
import { compareReferences, type ReferenceReport } from './reference.ts';

export interface EvaluationRequest {
  /** A checkpoint file, or a run folder. */
  readonly checkpoint: string;
  /** A cache folder, or recordings with annotations. */
  readonly data: string;
  /** Predict recordings of another reference than was trained on all the same. */
  readonly isReferenceForced: boolean;
  /** Whose recordings they are, where it is not as when trained; see `data.patient_pattern`. */
  readonly patientPattern: string | null;
  /** Where predictions and scores are written; null writes none. */
  readonly output: string | null;
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number, name: string) => void;
}

/** Scores of a checkpoint; field names say what was pooled. */
export interface EvaluationReport {
  readonly checkpoint: string;
  readonly checkpoint_sha256: string;
  readonly data: string;
  /** Of a cache the split that was scored; null for recordings that were not cached. */
  readonly split: Split | null;
  readonly recordings: number;
  readonly patients: number;
  readonly recorded_hours: number;
  readonly seizures: number;
  readonly tuned_on: string;
  readonly references: ReferenceReport;
  /** Preprocessing that looks at what was recorded later; empty where the detector could run while recording. */
  readonly preprocessing_uses_future: readonly string[];
  readonly postprocessing: Config['postprocessing'];
  readonly figures: Readonly<Record<string, Measured>>;
  /** Recordings that could not be used, with the reason. */
  readonly left_out: readonly string[];
}

/** A false-alarm rate from less EEG than this is noise. */
const LEAST_HOURS = 24;

/** A model and its configuration, as a checkpoint holds them; the averaged weights where there are. @throws InputError `CHECKPOINT_*`, `EVALUATE_*` */
export async function loadModel(path: string, device: Device) {
  await using checkpoint = await loadCheckpoint(path);
  const parsed = configSchema.safeParse(checkpoint.state.loop.config);
  if (!parsed.success)
    throw new InputError(
      'EVALUATE_CHECKPOINT',
      `${checkpoint.path} holds no configuration that this bgb reads: ${parsed.error.issues[0]!.message}. Evaluate it with the version that saved it, ${checkpoint.state.code_version}.`,
    );
  const config = parsed.data;
  const channels = montageChannels(config.preprocessing).length;
  const model = createModel(config.model, { channels, seed: 0 });
  await fillModel(checkpoint.tensors, model.store);
  const { path: file, sha256, state } = checkpoint;
  return { config, model: model.to({ device }), path: file, sha256, references: state.references };
}

/**
 * Predicts and scores every recording below a folder with a trained model. Recordings that are not cached yet are
 * preprocessed with the model's own settings.
 *
 * @throws InputError for a checkpoint or data that cannot be used
 */
export async function evaluateCheckpoint(request: EvaluationRequest): Promise<EvaluationReport> {
  const { device, output } = request;
  const { config, model, path, sha256, references } = await loadModel(request.checkpoint, device);
  setNumerics({
    threads: threadsOf(config.resources),
    isDeterministic: true,
    hasTf32: config.training.tf32,
  });
  await using source = await openSource(request, config);
  const referenceReport = compareReferences(source.entries, references, request.isReferenceForced);
  const precision = precisionOf(device, config.training);
  const predictor: Predictor = {
    forward: (signal) => model.forward(signal),
    device,
    precision,
    batchSize: config.training.batch_size,
  };
  const { postprocessing } = config;
  const pool = new ScorePool('samples');
  const sweep = new SensitivityCurve(sweepThresholds(), postprocessingDetector(postprocessing));
  let events = anyOverlapEvents([]);
  let samples = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  const patients = new Set<string>();
  for (const [index, { folder, name }] of source.entries.entries()) {
    request.signal.throwIfAborted();
    const recording = loadRecording(folder, name);
    requireSettings(recording, {
      preprocessing: { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
      labels: null,
    });
    const { labels, segments, sampleRate, provenance } = recording;
    const curve = predictWithin(predictor, recording, postprocessing.stitching);
    const recorded = recordedSpans(segments, sampleRate);
    const references = labelledEvents(labels, SEIZURE, segments, sampleRate);
    const excluded = labelledEvents(labels, EXCLUDED, segments, sampleRate);
    const hypotheses = postprocessCurve(curve, postprocessing);
    pool.add(curve.probabilities, labels);
    sweep.add({ name, recorded, references, excluded }, curve);
    events = sumCounts(events, anyOverlapEvents([{ name, recorded, references, excluded, hypotheses }]));
    samples = sumCounts(samples, sampleCounts(curve.probabilities, labels, postprocessing.hysteresis.tau_on));
    patients.add(provenance.patient);
    if (output !== null) {
      const stem = name.replace(/\.npz$/, '');
      const durationS = recorded.at(-1)!.endS;
      await writeCsvBi(join(output, 'predictions', `${stem}.csv_bi`), {
        name: basename(stem),
        durationS,
        events: hypotheses,
      });
    }
    if (output !== null && config.evaluation.save_predictions) {
      const path = join(output, 'probabilities', name.replace(/\.npz$/, '.npy'));
      await writeNpy(path, Float32Array.from(curve.probabilities));
    }
    request.onProgress(index + 1, source.entries.length, name);
  }
  const report: EvaluationReport = {
    checkpoint: path,
    checkpoint_sha256: sha256,
    data: request.data,
    split: source.split,
    recordings: source.entries.length,
    patients: patients.size,
    recorded_hours: events.recordedS / 3600,
    seizures: events.references,
    tuned_on:
      'no threshold was tuned here: those of the configuration are used; sensitivity at a false-alarm rate chooses its threshold on the data it reports',
    references: referenceReport,
    preprocessing_uses_future: futureUses(config.preprocessing),
    postprocessing,
    figures: {
      ...onlyMeasured(pool.figures()),
      sensitivity_over_samples: sensitivityOverSamples(samples),
      specificity_over_samples: specificityOverSamples(samples),
      event_sensitivity_any_overlap: eventSensitivity(events),
      false_alarms_per_24h_recorded: falseAlarmsPer24hRecorded(events, LEAST_HOURS),
      ...Object.fromEntries(
        config.evaluation.fa_rates.map((rate) => {
          const { value, reason } = sweep.sensitivityAtFalseAlarms(rate, LEAST_HOURS);
          return [
            metricNameOf({ kind: 'sensitivity_at', falseAlarmsPer24h: rate }),
            { value, reason } as Measured,
          ];
        }),
      ),
    },
    left_out: source.leftOut,
  };
  if (output !== null) await writeAtomic(join(output, 'scores.json'), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

/** As {@link predictRecording}. @throws OutOfMemoryError where the memory does not hold a batch */
function predictWithin(...[predictor, recording, stitching]: Parameters<typeof predictRecording>) {
  try {
    return predictRecording(predictor, recording, stitching);
  } catch (error) {
    if (!isMemoryShortage(error)) throw error;
    throw outOfMemory(error, { during: 'predicting', batchSize: predictor.batchSize, fitting: null });
  }
}

function onlyMeasured(figures: object): Record<string, Measured> {
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, Measured] => typeof entry[1] === 'object'),
  );
}

interface Entries {
  readonly split: Split | null;
  readonly entries: readonly { folder: string; name: string }[];
}

interface Source extends Entries, AsyncDisposable {
  readonly leftOut: readonly string[];
}

/** Cache entries below the folder; where there are none, entries built of its recordings in a temporary folder. */
async function openSource(
  { data, patientPattern, signal }: EvaluationRequest,
  config: Config,
): Promise<Source> {
  const cached = await entriesBelow(data);
  if (cached.entries.length > 0)
    return { ...cached, leftOut: [], [Symbol.asyncDispose]: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'bgb-evaluate-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const [census] = await buildCache({
      dataDir: data,
      cacheDir: folder,
      split: 'eval',
      isUndivided: true,
      patientPattern: patientPattern ?? config.data.patient_pattern,
      validationSplit: null,
      seed: 0,
      settings: { ...config.preprocessing, sampling_rate: config.data.sampling_rate },
      labels: config.data.labels,
      limitFiles: null,
      jobs: 1,
      signal,
      onProgress: () => undefined,
    });
    const leftOut = [
      ...census!.rejected.map(({ reason }) => reason),
      ...census!.unlabelled.map((name) => `${name}: no annotation was found`),
      ...census!.duplicates.map(({ name, of }) => `${name}: it has the samples of ${of}`),
    ];
    const { entries } = await entriesBelow(folder);
    return { split: null, entries, leftOut, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The splits to judge a detector on, the first that a cache has. */
const JUDGED_ON: readonly Split[] = ['eval', 'dev', 'train'];

/** Of one split where the folder is a whole cache. */
async function entriesBelow(data: string): Promise<Entries> {
  const splits = await splitFolders(data);
  const judged = JUDGED_ON.map((wanted) => splits.find(([split]) => split === wanted));
  const [split, folder] = judged.find((found) => found !== undefined) ?? splits[0]!;
  return { split, entries: (await listEntries(folder)).map((name) => ({ folder, name })) };
}
