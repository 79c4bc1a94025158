/** An event as an annotation file states it. Seconds from the start of the recording. */
export interface AnnotatedEvent {
  readonly startS: number;
  /** Exclusive. */
  readonly endS: number;
  /** In the file's own words, such as `seiz`, `fnsz`, `sz_foc_ia`, `bckg`. */
  readonly label: string;
  /** null: all channels */
  readonly channels: readonly string[] | null;
  /** 0 to 1, or null where the file states none */
  readonly confidence: number | null;
}

export type AnnotationFormat = 'tusz-csv_bi' | 'tusz-csv' | 'chbmit-summary' | 'bids-events' | 'edf-plus';

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
