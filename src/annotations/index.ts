/**
 * When seizures were: annotation files in the corpora's formats, found beside a recording and laid over what
 * was recorded.
 *
 * ```ts
 * const annotation = await findAnnotation(recording);        // null: not annotated, which is not "no seizure"
 * const { seizures, reports } = placeSeizures(annotation, recording.segments, 1 / 256);
 * ```
 */
export type {
  AnnotatedEvent,
  Annotation,
  AnnotationFormat,
  AnnotationNotice,
  AnnotationRole,
  AnnotationSource,
  FoundAnnotation,
} from './annotation.ts';
export type { AnnotationContent } from './annotation-content.ts';
export { JSON_ENDING, readBgbJson, writeBgbJson } from './bgb-json.ts';
export { isBidsTable, readBidsEvents, readBidsTable } from './bids-events.ts';
export { readChbmitSummary } from './chbmit-summary.ts';
export { edfPlusAnnotation } from './edf-plus.ts';
export { findAnnotation } from './find.ts';
export type { Interval } from './intervals.ts';
export {
  type LabelMap,
  type LabelMeaning,
  type LabelRules,
  labelRules,
  labelRulesRecord,
} from './labels.ts';
export {
  type PlacedSeizure,
  type Placement,
  type PlacementProblem,
  type PlacementReport,
  placeSeizures,
  type RecordedStretch,
} from './place.ts';
export { readSienaList, type SienaRecording } from './siena-list.ts';
export { type SeizureSpan, seizureSpans } from './spans.ts';
export type { EmptySeizures } from './text-lines.ts';
export { readTuszCsv } from './tusz-csv.ts';
export { joinTuszPair } from './tusz-pair.ts';
export { writeBidsEvents } from './write-bids-events.ts';
export { type CsvBiContent, writeCsvBi } from './write-csv-bi.ts';
export { type TuszCsvContent, writeTuszCsv } from './write-tusz-csv.ts';
