import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/index.ts';
import { loadRecording, type WindowSet } from '../data/index.ts';
import { Evaluation, falseAlarmRateOf } from './evaluate.ts';
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
  const evaluation = new Evaluation(config, falseAlarmRateOf(config));
  for (const name of dev.recordings) {
    await nextTurn();
    if (isInterrupted()) return null;
    onRecording();
    const recording = loadRecording(dev.folder, name);
    evaluation.add(recording, predictRecording(predictor, recording, config.postprocessing.stitching));
  }
  return evaluation.metrics();
}
