import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/index.ts';
import { loadRecording, type WindowSet } from '../data/index.ts';
import { devMetrics, devSettings } from './dev-metrics.ts';
import type { Metrics } from './loop.ts';
import { openMeasuring } from './measuring.ts';
import { type Predictor, predictInTurn } from './predict.ts';

/**
 * Predicts the recordings of the dev split, whole and one after the other, and measures them; null when interrupted.
 *
 * @param onRecording called before each
 */
export async function evaluateDev(
  dev: Pick<WindowSet, 'folder' | 'recordings' | 'recordingRows'>,
  predictor: Predictor,
  config: Config,
  { isInterrupted, onRecording }: { isInterrupted: () => boolean; onRecording: () => void },
): Promise<Metrics | null> {
  const samples = dev.recordingRows.reduce((sum, rows) => sum + rows, 0);
  const hours = samples / config.data.sampling_rate / 3600;
  await using measuring = openMeasuring('dev', devSettings(config), hours);
  function* recordings() {
    for (const name of dev.recordings) {
      onRecording();
      yield loadRecording(dev.folder, name);
    }
  }
  await nextTurn();
  for (const predicted of predictInTurn(predictor, recordings(), config.postprocessing.stitching)) {
    const { recording, curve } = predicted;
    await nextTurn();
    if (isInterrupted()) return null;
    await measuring.add({ name: recording.name, labels: recording.labels, curve });
  }
  return devMetrics(await measuring.results());
}
