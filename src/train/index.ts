/**
 * Training: the loop, its step, and prediction of whole recordings with a trained model.
 *
 * `train` reads top to bottom: for each epoch, for each step, gather windows, step, yield; then evaluate on
 * dev, save, maybe stop.
 */
export { drawAugmentation, mirrorFrom } from './augmentation.ts';
export { benchLoader, type LoaderReport, openProbe, type ReaderSettings } from './bench-loader.ts';
export { DeviceWindows } from './device-windows.ts';
export { DiskWindows } from './disk-windows.ts';
export { environmentFingerprint } from './environment-fingerprint.ts';
export { evaluateCheckpoint } from './evaluate-checkpoint.ts';
export { loadModel } from './load-model.ts';
export {
  type Metrics,
  type Training,
  type TrainingProgress,
  train,
} from './loop.ts';
export type { Loss } from './loss.ts';
export { lossFrom } from './loss-settings.ts';
export { type MemoryPlan, planMemory } from './memory-plan.ts';
export { setNumerics } from './numerics.ts';
export { type OpenedPredictor, openPredictor } from './open-predictor.ts';
export { type Predictor, predictRecording, predictWindows } from './predict.ts';
export { predictRecordings } from './predict-recordings.ts';
export { isOtherReference } from './reference.ts';
export { hostMemory, type Memory, residencyOf } from './residency.ts';
export { NotFiniteError } from './run-stop.ts';
export { learningRateShare } from './schedule.ts';
export { describeThresholds } from './scored-set.ts';
export { startTraining } from './start.ts';
export { type Batch, computeStep } from './step.ts';
export { stepParts } from './step-parts.ts';
export { openSplit } from './training-data.ts';
export { type TuningReport, tuneCheckpoint } from './tune-checkpoint.ts';
