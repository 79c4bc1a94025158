import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/index.ts';
import { loadRecording, type WindowSet } from '../data/index.ts';
import { Evaluation, evaluationSettings } from './evaluate.ts';
import { EvaluationThreads } from './evaluation-threads.ts';
import type { Metrics } from './loop.ts';
import { type Predictor, predictRecording } from './predict.ts';

/**
 * Predicts the recordings of the dev split, whole and one after the other, and measures them; null when interrupted.
 *
 * @param onRecording called before each
 */
export async function evaluateDev(
  dev: Pick<WindowSet, 'folder' | 'recordings'>,
  predictor: Predictor,
  config: Config,
  { isInterrupted, onRecording }: { isInterrupted: () => boolean; onRecording: () => void },
): Promise<Metrics | null> {
  const settings = evaluationSettings(config);
  // Threads take half a second to start.
  await using threads = dev.recordings.length >= FEWEST_FOR_THREADS ? new EvaluationThreads(settings) : null;
  const evaluation = threads ?? new Evaluation(settings);
  for (const name of dev.recordings) {
    await nextTurn();
    if (isInterrupted()) return null;
    onRecording();
    const recording = loadRecording(dev.folder, name);
    const curve = predictRecording(predictor, recording, config.postprocessing.stitching);
    await evaluation.add(recording, curve);
  }
  // Waited for here: the threads end with this function.
  return await evaluation.metrics();
}

/** So many recordings are measured beside the prediction of the next. */
export const FEWEST_FOR_THREADS = 16;
