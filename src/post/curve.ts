import { BgbError } from '../errors.ts';
import { BlockExtremes } from './block-extremes.ts';
import { runsWhere } from './runs.ts';

/** A stretch without holes, as a cache entry lists it. */
export interface RecordedSegment {
  /** Its first row among the recorded samples of all segments. */
  readonly firstRow: number;
  readonly rows: number;
  /** Time of the first row from the recording's start, in samples; may be fractional. */
  readonly startSample: number;
}

/**
 * Seizure probabilities of one recording: one value per recorded sample, the segments one after the other.
 * A hole has no value; it is where one segment ends and the next begins.
 */
export interface ProbabilityCurve {
  readonly probabilities: Float64Array | Float32Array;
  /** Hz */
  readonly sampleRate: number;
  readonly segments: readonly RecordedSegment[];
  /** Of each segment, where the curve is to be looked at again and again; see {@link withExtremes}. */
  readonly extremes?: readonly BlockExtremes[];
}

/** The curve with what makes a sweep over thresholds fast. @throws BgbError `POST_NAN` */
export function withExtremes(curve: ProbabilityCurve): ProbabilityCurve {
  const extremes = curve.segments.map(
    ({ firstRow, rows }) => new BlockExtremes(curve.probabilities.subarray(firstRow, firstRow + rows)),
  );
  return { ...curve, extremes };
}

/**
 * Segments from what a cache entry stores: pairs of first row and start sample, and the number of rows.
 * @throws BgbError `POST_SEGMENTS` unless they start at row 0, rise, and follow each other without overlap in time
 */
export function segmentsOf(
  pairs: readonly (readonly [firstRow: number, startSample: number])[],
  rows: number,
): RecordedSegment[] {
  const segments = pairs.map(([firstRow, startSample], index) => ({
    firstRow,
    rows: (pairs[index + 1]?.[0] ?? rows) - firstRow,
    startSample,
  }));
  checkSegments(segments);
  return segments;
}

/** When was recorded, in seconds from the recording's start. */
export function recordedSpans(
  segments: readonly RecordedSegment[],
  sampleRate: number,
): { startS: number; endS: number }[] {
  return segments.map(({ rows, startSample }) => ({
    startS: startSample / sampleRate,
    endS: (startSample + rows) / sampleRate,
  }));
}

/**
 * Events from labels `(n)`, one per recorded sample: where they have this value, in seconds from the recording's
 * start. A seizure with a hole inside yields an event on each side of it.
 * @throws BgbError `POST_SEGMENTS` unless there is one label per recorded sample
 */
export function labelledEvents(
  labels: ArrayLike<number>,
  value: number,
  segments: readonly RecordedSegment[],
  sampleRate: number,
): { startS: number; endS: number }[] {
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  if (labels.length !== rows) {
    throw new BgbError('POST_SEGMENTS', `Expected ${rows} labels for the segments, found ${labels.length}.`);
  }
  return segments.flatMap(({ firstRow, rows: length, startSample }) => {
    return runsWhere(labels, value, firstRow, firstRow + length).map(({ start, end }) => ({
      startS: (startSample + start - firstRow) / sampleRate,
      endS: (startSample + end - firstRow) / sampleRate,
    }));
  });
}

/** @throws BgbError `POST_SEGMENTS` */
export function checkSegments(segments: readonly RecordedSegment[]): void {
  let row = 0;
  let time = 0;
  for (const [index, segment] of segments.entries()) {
    if (segment.firstRow !== row || !Number.isInteger(segment.rows) || segment.rows < 1) {
      throw new BgbError(
        'POST_SEGMENTS',
        `Expected segment ${index} to begin at row ${row} and to have at least one row, ` +
          `found row ${segment.firstRow} and ${segment.rows} rows.`,
      );
    }
    if (!(segment.startSample >= time)) {
      throw new BgbError(
        'POST_SEGMENTS',
        `Expected segment ${index} to start at sample ${time} or later, after the segment before it, ` +
          `found sample ${segment.startSample}.`,
      );
    }
    row += segment.rows;
    time = segment.startSample + segment.rows;
  }
}
