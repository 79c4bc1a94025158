import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { listRecordings } from '../cache/index.ts';
import { usableCores } from '../config/index.ts';
import { InputError, messageOf } from '../errors.ts';
import { postprocessCurve } from '../post/index.ts';
import type { ThresholdsInUse } from '../score/index.ts';
import { futureUses } from '../signal/index.ts';
import type { Device } from '../torch/index.ts';
import { openPredictor } from './open-predictor.ts';
import { predictRecording } from './predict.ts';
import {
  isPredictionFile,
  type PredictionFormat,
  predictionPath,
  writePrediction,
} from './prediction-file.ts';
import { prepareInTurn } from './prepare-in-turn.ts';
import { isOtherReference } from './reference.ts';

export interface PredictionRequest {
  /** A checkpoint file, or a run folder. */
  readonly checkpoint: string;
  /** A recording, or a folder of recordings, such as a BIDS tree. */
  readonly input: string;
  /** A folder; for a single recording also the file itself, by its ending. */
  readonly output: string;
  readonly format: PredictionFormat;
  readonly device: Device;
  /** Also recordings of another reference than the model was trained on. */
  readonly isReferenceForced: boolean;
  /** That prepare recordings beside the one that predicts; by default as many as help. */
  readonly threads?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number, name: string) => void;
}

export interface PredictionReport {
  readonly checkpoint: string;
  readonly checkpoint_sha256: string;
  readonly format: PredictionFormat;
  /** Those that made the seizures, and what they were tuned on. */
  readonly thresholds: ThresholdsInUse;
  /** Recordings that were predicted. */
  readonly recordings: readonly {
    readonly recording: string;
    readonly file: string;
    readonly duration_s: number;
    readonly seizures: number;
    readonly seizure_s: number;
    /** Seizures longer than `postprocessing.duration.max_duration_s`: kept, and to be looked at. */
    readonly longer_than_max_duration_s: number;
    readonly notices: readonly string[];
  }[];
  /** Recordings that could not be used: nothing is written of them. */
  readonly unusable: readonly { readonly recording: string; readonly reason: string }[];
}

/**
 * Predicts recordings with a trained model, its own preprocessing and thresholds, and writes one annotation file for
 * each, atomically. Of a recording that cannot be used nothing is written and the others go on: a caller has to treat
 * `unusable` as a failure, for a missing file must not pass for one without seizures (failures B9).
 *
 * @throws InputError `CHECKPOINT_*`, `EVALUATE_CHECKPOINT`, `DATA_FOLDER`, `DATA_EMPTY`, `DATA_CLASH`
 */
export async function predictRecordings(request: PredictionRequest): Promise<PredictionReport> {
  const { format, device } = request;
  const tasks = await tasksOf(request);
  const loaded = await openPredictor(request.checkpoint, device);
  const { config, path, sha256, predictor, references, thresholds } = loaded;
  const settings = { ...config.preprocessing, sampling_rate: config.data.sampling_rate };
  // What could run while recording predicts the same here as there.
  const uses = futureUses(config.preprocessing);
  const source = {
    made_by: 'bgb predict',
    checkpoint_sha256: sha256,
    thresholds,
    postprocessing: config.postprocessing,
    preprocessing_uses_future: uses,
  };
  const recordings: PredictionReport['recordings'][number][] = [];
  const unusable: PredictionReport['unusable'][number][] = [];
  const prepared = prepareInTurn(
    tasks.map((task) => task.path),
    { settings, isQuantised: uses.length > 0 },
    { threads: request.threads ?? threadsBeside(device), signal: request.signal },
  );
  let done = 0;
  for await (const recording of prepared) {
    const { recording: name, file } = tasks[done]!;
    try {
      if (recording instanceof InputError) throw recording;
      if (isOtherReference(recording.reference, references) && !request.isReferenceForced)
        throw new InputError(
          'EVALUATE_REFERENCE',
          `it is recorded against ${recording.reference}, the model was trained on ${references!.join(', ')}: its channels are other signals than those the model knows. Train with preprocessing.reference: average, or predict all the same with --force.`,
        );
      const curve = predictRecording(
        predictor,
        { ...recording, name, channels: recording.channels.length },
        config.postprocessing.stitching,
      );
      const events = postprocessCurve(curve, config.postprocessing);
      const { durationS, startedAt } = recording;
      const content = { name: basename(name).replace(/\.(edf|bdf)$/i, ''), durationS, startedAt, events };
      const long = events.filter(({ isLong }) => isLong);
      const notices = [...recording.warnings, ...recording.notices];
      await writePrediction(file, format, content, {
        ...source,
        longer_than_max_duration_s: long.map(({ startS, endS }) => ({ start_s: startS, end_s: endS })),
        notices,
      });
      recordings.push({
        recording: name,
        file,
        duration_s: durationS,
        seizures: events.length,
        longer_than_max_duration_s: long.length,
        seizure_s: events.reduce((sum, { startS, endS }) => sum + endS - startS, 0),
        notices,
      });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const older = existsSync(file) ? ` ${file} is of an earlier prediction and stays.` : '';
      unusable.push({ recording: name, reason: `${error.message}${older}` });
    }
    request.onProgress(++done, tasks.length, name);
  }
  return { checkpoint: path, checkpoint_sha256: sha256, format, thresholds, recordings, unusable };
}

/** One core preprocesses an hour in 0.75 s, which an H100 predicts in 0.1 s (bench/RESULTS.md). */
const MOST_THREADS = 8;

/** Threads that prepare the next recordings: none where their cores are those that predict. */
function threadsBeside(device: Device): number {
  return device === 'cpu' ? 0 : Math.max(1, Math.min(MOST_THREADS, usableCores() - 1));
}

interface Task {
  /** Relative to the input folder. */
  readonly recording: string;
  readonly path: string;
  readonly file: string;
}

async function tasksOf({ input, output, format }: PredictionRequest): Promise<Task[]> {
  const found = await stat(input).catch((cause: unknown) => {
    throw new InputError('DATA_FOLDER', `Cannot read ${input}: ${messageOf(cause)}. Check the path.`, {
      cause,
    });
  });
  if (!found.isDirectory()) {
    const recording = basename(input);
    const file = isPredictionFile(output, format) ? output : join(output, predictionPath(recording, format));
    return [{ recording, path: input, file }];
  }
  const names = await listRecordings(input);
  if (names.length === 0)
    throw new InputError(
      'DATA_EMPTY',
      `${input} holds no recordings: expected .edf or .bdf files in it or below. Check the path.`,
    );
  const tasks = names.map((recording) => ({
    recording,
    path: join(input, recording),
    file: join(output, predictionPath(recording, format)),
  }));
  const byFile = new Map<string, Task>();
  for (const task of tasks) {
    const other = byFile.get(task.file);
    if (other !== undefined)
      throw new InputError(
        'DATA_CLASH',
        `${other.recording} and ${task.recording} in ${input} would share ${basename(task.file)} in ${dirname(task.file)}. Rename or remove one of them.`,
      );
    byFile.set(task.file, task);
  }
  return tasks;
}
