/**
 * From window probabilities to seizure events: where inference windows lie, stitching them into one curve a
 * recording, and the chain hysteresis, morphology, duration, merging, confidence.
 *
 * ```ts
 * using stitcher = new Stitcher(segments, 256, config.postprocessing.stitching, device);
 * for (const [index, window] of stitcher.windows.entries()) {
 *   stitcher.add(index, predict(window.firstRow, window.rows)); // shorter than a window: padded with zeros
 * }
 * const curve = stitcher.curve().arrive();                        // every recorded sample has a probability
 * const events = postprocessCurve(curve, config.postprocessing);  // [{startS, endS, confidence}], no hole inside
 * ```
 */
export { BlockExtremes } from './block-extremes.ts';
export { type ConfidenceMethod, confidence, percentile } from './confidence.ts';
export {
  labelledEvents,
  type ProbabilityCurve,
  type RecordedSegment,
  recordedSpans,
  segmentsOf,
  withExtremes,
} from './curve.ts';
export { EventStream } from './event-stream.ts';
export { type Hysteresis, hysteresis } from './hysteresis.ts';
export { close, open } from './morphology.ts';
export {
  type DetectedEvent,
  type PostprocessingSettings,
  postprocess,
  postprocessCurve,
  postprocessedTimes,
} from './postprocess.ts';
export { keepDurations, mergeGaps, type Run, runsWhere } from './runs.ts';
export { type PendingCurve, Stitcher, type StitchingSettings } from './stitcher.ts';
export { StitchingStream } from './stitching-stream.ts';
export { type PlacedWindow, placeWindows } from './window-placement.ts';
