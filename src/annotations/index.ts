/**
 * When seizures were: annotation files in the corpora's formats, found beside a recording and laid over what
 * was recorded.
 *
 * ```ts
 * const annotation = await findAnnotation(recording);        // null: not annotated, which is not "no seizure"
 * const { seizures, reports } = placeSeizures(annotation, recording.segments, 1 / 256);
 * ```
 */
export type { AnnotatedEvent, Annotation, AnnotationFormat, AnnotationNotice } from './annotation.ts';
export { readBidsEvents } from './bids-events.ts';
export { readChbmitSummary } from './chbmit-summary.ts';
export { edfPlusAnnotation } from './edf-plus.ts';
export { findAnnotation } from './find.ts';
export { isSeizureLabel, knownLabel } from './labels.ts';
export {
  type PlacedSeizure,
  type Placement,
  type PlacementProblem,
  type PlacementReport,
  placeSeizures,
  type RecordedStretch,
} from './place.ts';
export { type SeizureSpan, seizureSpans } from './spans.ts';
export { readTuszCsv } from './tusz-csv.ts';
export { type CsvBiContent, writeCsvBi } from './write-csv-bi.ts';
