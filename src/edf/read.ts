import { openFile, READ_ALONG_BYTES, readBytes, readStrided } from './bytes.ts';
import { decode, physicalOf, requireScaling } from './decode.ts';
import type { EdfRecording, Segment, Signal } from './recording.ts';
import { sampleSeconds } from './segments.ts';

const CHUNK_BYTES = 8 << 20;
/** Which data records: a segment, or part of one. */
export type RecordRange = Pick<Segment, 'firstRecord' | 'records'>;

/**
 * Samples of some signals over one segment, as stored: digital values, also those outside the declared range.
 *
 * @param indices of signals in `recording.signals`
 * @param segment one of `recording.segments`, or some records of one ({@link recordsWithin})
 * @returns for each index (records * samplesPerRecord)
 * @throws InputError `EDF_READ` when the file has gone or become shorter
 */
export async function readDigital(
  recording: EdfRecording,
  indices: readonly number[],
  segment: RecordRange,
): Promise<Int32Array[]> {
  const signals = indices.map((index) => signalAt(recording, index));
  if (segment.firstRecord < 0 || segment.firstRecord + segment.records > recording.records)
    throw new RangeError(
      `${recording.path} has ${recording.records} data records; there are no records ${segment.firstRecord} to ${segment.firstRecord + segment.records - 1}`,
    );
  const samples = signals.map(({ samplesPerRecord }) => new Int32Array(samplesPerRecord * segment.records));
  await using file = await openFile(recording.path);
  for (const range of byteRanges(signals, recording.bytesPerSample)) {
    const length = range.end - range.start;
    const recordsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / length));
    for (let first = 0; first < segment.records; first += recordsPerChunk) {
      const records = Math.min(recordsPerChunk, segment.records - first);
      const position =
        recording.headerBytes + (segment.firstRecord + first) * recording.recordBytes + range.start;
      const bytes = await readStrided(file, position, recording.recordBytes, length, records, recording.path);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (const [index, { byteInRecord, samplesPerRecord }] of signals.entries()) {
        if (byteInRecord < range.start || byteInRecord >= range.end) continue;
        for (let record = 0; record < records; record++)
          decode(
            view,
            record * length + byteInRecord - range.start,
            recording.bytesPerSample,
            samples[index]!,
            (first + record) * samplesPerRecord,
            samplesPerRecord,
          );
      }
    }
  }
  return samples;
}

/**
 * Samples of some signals over one segment in the physical unit of their header, each at its own rate. Values
 * beyond the declared digital range are scaled like the others, never clipped.
 *
 * @param segment one of `recording.segments`, or some records of one ({@link recordsWithin})
 * @returns for each index (records * samplesPerRecord)
 * @throws InputError `EDF_SCALING` for a signal whose digital or physical range is empty; `EDF_READ`
 */
export async function readSignals(
  recording: EdfRecording,
  indices: readonly number[],
  segment: RecordRange,
): Promise<Float64Array[]> {
  requireScaling(
    indices.map((index) => signalAt(recording, index)),
    recording.path,
  );
  const digital = await readDigital(recording, indices, segment);
  return digital.map((values, at) => physicalOf(values, signalAt(recording, indices[at]!)));
}

/**
 * One part of a single data record, as {@link readSignals}: some recordings are one record of many hours.
 *
 * @param record from the recording's first
 * @param part of `parts` that follow each other and are together the record
 * @returns for each index its samples in that part
 * @throws InputError `EDF_SCALING`, `EDF_READ`
 */
export async function readPartOfRecord(
  recording: EdfRecording,
  indices: readonly number[],
  record: number,
  { part, parts }: { readonly part: number; readonly parts: number },
): Promise<Float64Array[]> {
  requireScaling(
    indices.map((index) => signalAt(recording, index)),
    recording.path,
  );
  const { path, headerBytes, recordBytes, bytesPerSample } = recording;
  await using file = await openFile(path);
  const read: Float64Array[] = [];
  for (const index of indices) {
    const signal = signalAt(recording, index);
    const [first, end] = [part, part + 1].map((at) => Math.floor((at * signal.samplesPerRecord) / parts));
    const count = end! - first!;
    const at = headerBytes + record * recordBytes + signal.byteInRecord + first! * bytesPerSample;
    const bytes = await readBytes(file, at, count * bytesPerSample, path);
    const values = new Int32Array(count);
    decode(
      new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      0,
      bytesPerSample,
      values,
      0,
      count,
    );
    read.push(physicalOf(values, signal));
  }
  return read;
}

/**
 * The data records of a segment that lie wholly within a span: what to give {@link readSignals} to read no more
 * than is needed.
 *
 * @param startS from the start of the recording, as `segment.startS`
 * @returns null where no whole record lies in the span
 */
export function recordsWithin(
  recording: EdfRecording,
  segment: Segment,
  startS: number,
  endS: number,
): Segment | null {
  const { recordDurationS } = recording;
  const record = (timeS: number) => sampleSeconds(recording, segment, timeS) / recordDurationS;
  // A boundary that misses a record's by rounding (0.1 s records) still counts as meeting it.
  const first = Math.max(0, Math.ceil(record(startS) - 1e-6));
  const end = Math.min(segment.records, Math.floor(record(endS) + 1e-6));
  if (!(end > first)) return null;
  const part = { firstRecord: segment.firstRecord + first, records: end - first };
  const { recordStartsS } = segment;
  if (recordStartsS === undefined)
    return {
      startS: segment.startS + first * recordDurationS,
      durationS: part.records * recordDurationS,
      ...part,
    };
  const partEndS = recordStartsS[end] ?? segment.startS + segment.durationS;
  return {
    startS: recordStartsS[first]!,
    durationS: partEndS - recordStartsS[first]!,
    ...part,
    recordStartsS: recordStartsS.slice(first, end),
  };
}

/** Within a data record. */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Which bytes of every data record to read for some signals; neighbours closer than a page are read together. */
function byteRanges(
  signals: readonly Pick<Signal, 'byteInRecord' | 'samplesPerRecord'>[],
  bytesPerSample: number,
): ByteRange[] {
  const ranges: { start: number; end: number }[] = [];
  for (const signal of signals.toSorted((a, b) => a.byteInRecord - b.byteInRecord)) {
    const start = signal.byteInRecord;
    const end = start + signal.samplesPerRecord * bytesPerSample;
    const open = ranges.at(-1);
    if (open !== undefined && start - open.end <= READ_ALONG_BYTES) open.end = Math.max(open.end, end);
    else ranges.push({ start, end });
  }
  return ranges;
}

function signalAt(recording: EdfRecording, index: number): Signal {
  const signal = recording.signals[index];
  if (signal === undefined)
    throw new RangeError(
      `${recording.path} has ${recording.signals.length} signals; there is no signal ${index}`,
    );
  return signal;
}
