import type { LabelMeaning } from './labels.ts';

/** An event as an annotation file states it. Seconds from the start of the recording. */
export interface AnnotatedEvent {
  readonly startS: number;
  /** Exclusive. */
  readonly endS: number;
  /** In the file's own words, such as `seiz`, `fnsz`, `sz_foc_ia`, `bckg`. */
  readonly label: string;
  readonly meaning: LabelMeaning;
  /** null: all channels */
  readonly channels: readonly string[] | null;
  /** 0 to 1, or null where the file states none */
  readonly confidence: number | null;
  /** Types of a seizure whose times are from another file, within these times; what they leave has `label`. */
  readonly types?: readonly { readonly label: string; readonly startS: number; readonly endS: number }[];
}

export type AnnotationFormat =
  | 'tusz-csv_bi'
  | 'tusz-csv'
  | 'chbmit-summary'
  | 'chbmit-records'
  | 'siena-list'
  | 'bids-events'
  | 'edf-plus'
  | 'bgb-json';

/**
 * What a file gave: `seizures`, when they were; `types`, of which type (TUSZ's `.csv` beside a `.csv_bi`);
 * `compared`, only a notice of how it differs.
 */
export type AnnotationRole = 'seizures' | 'types' | 'compared';

/** A file that had a part in an annotation. */
export interface AnnotationSource {
  readonly path: string;
  readonly format: AnnotationFormat;
  readonly role: AnnotationRole;
}

/** Something of an annotation that the user should know; it was used all the same. Names files, never folders. */
export interface AnnotationNotice {
  /** Upper-case, such as `ANNOTATION_OVERLAP`. */
  readonly code: string;
  readonly message: string;
}

/** What is known of when seizures were in a recording. No event at all means: annotated, and without seizure. */
export interface Annotation {
  readonly format: AnnotationFormat;
  /** The file it comes from: the recording itself for `edf-plus`. */
  readonly path: string;
  readonly events: readonly AnnotatedEvent[];
  /** Duration of the recording in the annotation's own account, or null. */
  readonly durationS: number | null;
  readonly notices: readonly AnnotationNotice[];
}

/** An annotation that was found, with all files that had a part in it. */
export interface FoundAnnotation extends Annotation {
  /** The one with the seizure times, which is `path`, comes first. */
  readonly sources: readonly AnnotationSource[];
}
