/**
 * Training: the loop, its step, and prediction of whole recordings with a trained model.
 *
 * `train` reads top to bottom: for each epoch, for each step, gather windows, step, yield; then evaluate on
 * dev, save, maybe stop.
 */
export { benchLoader, type LoaderReport } from './bench-loader.ts';
export { fillFrom, toStored } from './checkpoint-tensors.ts';
export { DeviceWindows } from './device-windows.ts';
export { environmentFingerprint } from './environment-fingerprint.ts';
export { Evaluation } from './evaluate.ts';
export { type EvaluationRequest, evaluateCheckpoint } from './evaluate-checkpoint.ts';
export { type LoadedModel, loadModel } from './load-model.ts';
export {
  type Metrics,
  type Outcome,
  type TrainableModel,
  type Training,
  type TrainingProgress,
  train,
} from './loop.ts';
export { LABEL, type Loss } from './loss.ts';
export { type MemoryPlan, planMemory } from './memory-plan.ts';
export { type CachedRecording, type Predictor, predictRecording } from './predict.ts';
export { type PredictionReport, type PredictionRequest, predictRecordings } from './predict-recordings.ts';
export { PREDICTION_FORMATS, type PredictionFormat } from './prediction-file.ts';
export { startTraining, type TrainingRequest } from './start.ts';
export type { Batch } from './step.ts';
