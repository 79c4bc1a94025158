/** One signal of a recording, as its header describes it. */
export interface Signal {
  /** As written, without padding. */
  readonly label: string;
  /** Physical dimension, such as `uV`. */
  readonly dimension: string;
  /** Hz */
  readonly sampleRate: number;
  readonly samplesPerRecord: number;
  readonly physicalMin: number;
  readonly physicalMax: number;
  readonly digitalMin: number;
  readonly digitalMax: number;
  readonly prefiltering: string;
  readonly transducer: string;
  /** Byte of its samples within a data record. */
  readonly byteInRecord: number;
}

/** A stretch of data records without a hole. */
export interface Segment {
  /** From the start of the recording. */
  readonly startS: number;
  /** By its records' own times, where these differ from the header's rate. */
  readonly durationS: number;
  readonly firstRecord: number;
  readonly records: number;
  /** When each record starts, where the recorder's clock drifts; otherwise they follow each other without a break. */
  readonly recordStartsS?: readonly number[];
}

/** An entry of a time-stamped annotation list (EDF+ specification, section 2.2.2), other than time-keeping ones. */
export interface EdfTal {
  /** From the start of the recording. */
  readonly onsetS: number;
  /** null where the file states none */
  readonly durationS: number | null;
  readonly text: string;
}

/** Something odd in a file that was read all the same; docs/edf.md lists them. */
export interface EdfWarning {
  readonly code: string;
  readonly message: string;
}

export type EdfKind = 'EDF' | 'EDF+C' | 'EDF+D' | 'BDF' | 'BDF+C' | 'BDF+D';

/** What a file holds, without its samples. */
export interface EdfRecording {
  readonly path: string;
  readonly kind: EdfKind;
  readonly patient: string;
  readonly recording: string;
  /** ISO 8601 local time without zone, or null where the header's date or time is none. */
  readonly startedAt: string | null;
  /** Signals with samples; annotation signals are not among them. */
  readonly signals: readonly Signal[];
  readonly segments: readonly Segment[];
  readonly annotations: readonly EdfTal[];
  /** To the end of the last segment, holes included. */
  readonly durationS: number;
  readonly recordDurationS: number;
  readonly records: number;
  readonly headerBytes: number;
  readonly recordBytes: number;
  /** 2 (EDF) or 3 (BDF) */
  readonly bytesPerSample: number;
  readonly warnings: readonly EdfWarning[];
}
