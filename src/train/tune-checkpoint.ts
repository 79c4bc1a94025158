import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type Split, splitNamed } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import {
  type CheckpointState,
  copyCheckpoint,
  type FrozenThresholds,
  isCheckpointName,
  loadCheckpoint,
} from '../runs/index.ts';
import {
  type CurvePoint,
  falseAlarmsPer24hRecorded,
  LEAST_SEIZURE_FREE_HOURS,
  type OperatingPoint,
  operatingCurve,
  type ReachedSensitivity,
  type ReferenceReport,
  sensitivityAtFalseAlarms,
  sweepTauOff,
  type ThresholdsInUse,
} from '../score/index.ts';
import type { Device } from '../torch/index.ts';
import { type EvaluationSource, JUDGED_ON, openSource } from './evaluation-source.ts';
import { type LoadedModel, loadModel } from './load-model.ts';
import { openMeasuring } from './measuring.ts';
import { measuredOf, predictorOf, predictSet } from './predict-set.ts';
import { compareReferences } from './reference.ts';
import { patientHash, type ScoredSet, scoredSetOf, seenInTraining, thresholdsInUse } from './scored-set.ts';
import type { TuningPoint } from './tuning-sweep.ts';

export interface TuningRequest {
  /** A checkpoint file, or a run folder. */
  readonly checkpoint: string;
  /** A cache folder, or recordings with annotations. */
  readonly data: string;
  /** What the set is called: of a cache, its split. */
  readonly setName: string;
  /** False alarms per 24 h of recorded EEG, at most. */
  readonly falseAlarmsPer24h: number;
  /** The new checkpoint: its .json, or a folder for it. */
  readonly output: string;
  readonly isReferenceForced: boolean;
  readonly patientPattern: string | null;
  readonly device: Device;
  readonly signal: AbortSignal;
  /** Of recordings that are not cached, before they are predicted. */
  readonly onPreprocessed?: (done: number, all: number, name: string) => void;
  readonly onProgress: (done: number, all: number, name: string) => void;
}

/** What tuning chose, and from what. */
export interface TuningReport {
  readonly format: 'bgb-tuning';
  readonly version: 1;
  /** The one whose weights these are. */
  readonly checkpoint: string;
  readonly checkpoint_sha256: string;
  /** The new checkpoint's JSON file. */
  readonly output: string;
  readonly data: string;
  readonly split: Split | null;
  readonly before: { readonly tau_on: number; readonly tau_off: number };
  readonly thresholds: ThresholdsInUse;
  /** Share of the recorded time that lies in detections at these thresholds. */
  readonly share_of_recorded_time_detected: number;
  /** By rising threshold. */
  readonly operating_curve: readonly OperatingPoint[];
  readonly references: ReferenceReport;
  readonly notices: readonly string[];
  readonly left_out: readonly string[];
}

/** Seizures fill some hundredths of a recording; detections that fill more than this are not of them. */
const MOST_DETECTED = 0.5;

/**
 * Chooses thresholds on a set of recordings and writes them into a new checkpoint, whose weights are the old one's byte
 * for byte: of the sweep of `sensitivity_at_fa` the most sensitive `tau_on` with at most so many false alarms per 24 h, of
 * equals the highest, and `tau_off` 0.08 below (at least 0.01).
 *
 * @throws InputError `TUNE_OUTPUT`, `TUNE_SET`, `TUNE_NO_SEIZURE`, `TUNE_TARGET`, `TUNE_CHANGED`, and as `evaluateCheckpoint`; nothing has
 * been written then
 */
export async function tuneCheckpoint(request: TuningRequest): Promise<TuningReport> {
  const { device, data } = request;
  const place = await newCheckpoint(request.output);
  const loaded = await loadModel(request.checkpoint, device);
  const { config, path, sha256, state } = loaded;
  const named = splitNamed(request.setName);
  const preferred = named === null ? JUDGED_ON.filter((split) => split !== 'eval') : [named];
  await using source = await openSource({ ...request, preferred }, config);
  requireNamed(request, named, source);
  const references = compareReferences(source.entries, state.references, request.isReferenceForced);
  const set = scoredSetOf(source.entries);
  const points = await sweep(loaded, source, set, request);
  const reached = choose(points, request);
  const chosen = points.find(({ threshold }) => threshold === reached.threshold)!;
  const detectedShare = chosen.detectedS / reached.counts.recordedS;
  const frozen = frozenBy(reached, request, set, sha256);
  const { tau_on, tau_off } = config.postprocessing.hysteresis;
  await using original = await loadCheckpoint(path);
  if (original.sha256 !== sha256)
    throw new InputError(
      'TUNE_CHANGED',
      `${path} has been replaced while it was tuned, as a training that runs does: its thresholds would be another's. Tune a copy, or when the training has ended.`,
    );
  const output = await copyCheckpoint(original, place.folder, place.name, {
    ...original.state,
    thresholds: frozen,
  });
  return {
    format: 'bgb-tuning',
    version: 1,
    checkpoint: path,
    checkpoint_sha256: sha256,
    output,
    data,
    split: source.split,
    before: { tau_on, tau_off },
    thresholds: thresholdsInUse(frozen.values, frozen, set),
    share_of_recorded_time_detected: detectedShare,
    operating_curve: operatingCurve(points),
    references,
    notices: noticesOf(reached, detectedShare, request, state, set),
    left_out: source.leftOut,
  };
}

/** What each threshold counts and detects on the set. */
async function sweep(
  loaded: LoadedModel,
  { entries }: EvaluationSource,
  { recordedS }: ScoredSet,
  request: TuningRequest,
): Promise<readonly TuningPoint[]> {
  const { config } = loaded;
  await using measuring = openMeasuring('tuning', config, recordedS / 3600);
  using predictor = predictorOf(loaded, request.device);
  for await (const predicted of predictSet(predictor, config, entries, request))
    await measuring.add(measuredOf(predicted));
  const { points } = await measuring.results();
  return points;
}

/**
 * Thresholds that find nothing meet any rate, and are of no use: they are refused like a rate that none meets.
 *
 * @throws InputError `TUNE_NO_SEIZURE`, `TUNE_TARGET`
 */
function choose(points: readonly CurvePoint[], request: TuningRequest): ReachedSensitivity {
  const { falseAlarmsPer24h: target, setName } = request;
  const reached = sensitivityAtFalseAlarms(points, target);
  if (reached.value !== null && reached.value > 0) return reached;
  const { counts } = points[0]!;
  if (counts.references === 0)
    throw new InputError(
      'TUNE_NO_SEIZURE',
      `${setName} (${request.data}) holds no seizure: every threshold would be as good as another. Tune on a set with seizures.`,
    );
  const finding = points
    .filter((point) => point.counts.detectedReferences > 0)
    .map((point) => ({ tauOn: point.threshold, rate: falseAlarmsPer24hRecorded(point.counts, 0).value! }))
    .sort((a, b) => a.rate - b.rate || b.tauOn - a.tauOn);
  const [least] = finding;
  const hours = (counts.recordedS / 3600).toFixed(2);
  throw new InputError(
    'TUNE_TARGET',
    least === undefined
      ? `No threshold finds any of the ${counts.references} seizures of ${setName}, whatever the false alarms. Train a better model.`
      : `No threshold that finds a seizure has at most ${target} false alarms per 24 h on ${setName}: the fewest are ${least.rate.toFixed(2)}, at tau_on ${least.tauOn}, over ${hours} h. Ask for more, tune on more hours, or train a better model.`,
  );
}

function frozenBy(
  { threshold, counts, value }: ReachedSensitivity,
  { setName, falseAlarmsPer24h }: TuningRequest,
  set: ScoredSet,
  sha256: string,
): FrozenThresholds {
  return {
    values: { tau_on: threshold, tau_off: sweepTauOff(threshold) },
    tuned_on: {
      set: setName,
      data_hash: set.dataHash,
      recordings: [...set.recordings],
      patients: set.patients.map(patientHash).sort(),
      seizures: counts.references,
      seizure_free_hours: counts.seizureFreeS / 3600,
      target_fa_per_24h: falseAlarmsPer24h,
      fa_per_24h: falseAlarmsPer24hRecorded(counts, 0).value ?? 0,
      sensitivity: value,
      checkpoint_sha256: sha256,
    },
  };
}

function noticesOf(
  { counts }: ReachedSensitivity,
  detectedShare: number,
  { setName }: TuningRequest,
  state: CheckpointState,
  set: ScoredSet,
): string[] {
  const hours = counts.seizureFreeS / 3600;
  const one = 86_400 / counts.recordedS;
  return [
    hours < LEAST_SEIZURE_FREE_HOURS
      ? `${setName} has ${hours.toFixed(2)} h without seizures: one false alarm is ${one.toFixed(1)} per 24 h, and a rate from less than ${LEAST_SEIZURE_FREE_HOURS} h is noise. Tune on more.`
      : null,
    detectedShare > MOST_DETECTED
      ? `${(100 * detectedShare).toFixed(0)} % of ${setName} lies in detections at these thresholds: events that long overlap seizures without finding them. Train a better model, or ask for fewer false alarms.`
      : null,
    seenInTraining(state, set) === 'train'
      ? `${setName} is what the model was trained on: its thresholds will not fit other recordings.`
      : null,
  ].filter((notice) => notice !== null);
}

/** Where the new checkpoint goes. @throws InputError `TUNE_OUTPUT` */
async function newCheckpoint(output: string): Promise<{ folder: string; name: string }> {
  const refuse = (found: string) =>
    new InputError(
      'TUNE_OUTPUT',
      `--output ${output}: expected a .json file or a folder that is not there yet, found ${found}. Nothing is replaced: choose another.`,
    );
  const isNamed = output.endsWith('.json');
  const place = isNamed
    ? { folder: dirname(output), name: basename(output, '.json') }
    : { folder: output, name: 'best' };
  if (output.endsWith('.safetensors')) throw refuse('a file of tensors');
  if (!isCheckpointName(place.name))
    throw refuse(`the name '${place.name}', where small letters, digits, '.', '_' and '-' can stand`);
  const there = await stat(output).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw refuse(messageOf(cause));
  });
  if (there === null) return place;
  if (isNamed || !there.isDirectory()) throw refuse('a file');
  if ((await readdir(output)).length > 0) throw refuse('a folder with files');
  return place;
}

/** A set that is called by a split's name must be that split. @throws InputError `TUNE_SET` */
function requireNamed(
  { data, setName }: TuningRequest,
  named: Split | null,
  { split }: EvaluationSource,
): void {
  if (named === null || split === null || split === named) return;
  throw new InputError(
    'TUNE_SET',
    `${data} has no split ${setName}, but ${split}. Name the set that thresholds are tuned on: --set-name ${split}, or give the folder of ${setName}.`,
  );
}
