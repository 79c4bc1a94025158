import { type FileHandle, open } from 'node:fs/promises';
import { InputError, messageOf } from '../errors.ts';
import { FIXED_BYTES, type Header, parseHeader, SIGNAL_BYTES, signalCount } from './header.ts';
import type { EdfRecording, EdfTal, EdfWarning, Segment } from './recording.ts';
import { parseTals } from './tal.ts';

/**
 * Reads what a recording holds: header, segments, annotations; no samples.
 *
 * @throws InputError `EDF_READ` for a missing or unreadable file; `EDF_FORMAT`, `EDF_HEADER`, `EDF_DATA`,
 * `EDF_TAL`, `EDF_TIME` for one that cannot be used; docs/edf.md lists what is repaired instead
 */
export async function openEdf(path: string): Promise<EdfRecording> {
  await using file = await openFile(path);
  const { size } = await file.stat();
  const fixed = await readBytes(file, 0, Math.min(size, FIXED_BYTES), path);
  const header = parseHeader(
    await readBytes(file, 0, Math.min(size, FIXED_BYTES + SIGNAL_BYTES * signalCount(fixed, path)), path),
    path,
  );
  const warnings = [...header.warnings];
  const records = countRecords(header, size, path, warnings);
  const { starts, annotations } = await readTals(file, header, records, path, warnings);
  const segments = joinRecords(starts, header, path);
  const last = segments.at(-1)!;
  return {
    path,
    kind: header.kind,
    patient: header.patient,
    recording: header.recording,
    startedAt: header.startedAt,
    signals: header.signals,
    segments,
    annotations,
    durationS: last.startS + last.durationS,
    recordDurationS: header.recordDurationS,
    records,
    headerBytes: header.headerBytes,
    recordBytes: header.recordBytes,
    bytesPerSample: header.bytesPerSample,
    warnings,
  };
}

/** Opens a file for reading, or says why not. */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (cause) {
    throw new InputError('EDF_READ', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
  }
  throw new InputError('EDF_READ', `${path} is not a file. Name an EDF or BDF recording.`);
}

/** Reads exactly `length` bytes at `position`. @throws InputError `EDF_READ` for a short read */
export async function readBytes(
  file: FileHandle,
  position: number,
  length: number,
  path: string,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0)
      throw new InputError(
        'EDF_READ',
        `${path}: expected ${length} bytes at byte ${position}, found ${done}. The file has become shorter.`,
      );
    done += bytesRead;
  }
  return bytes;
}

// The file's size decides: what was recorded is used, whatever the header counts.
function countRecords(header: Header, size: number, path: string, warnings: EdfWarning[]): number {
  const { declaredRecords, recordBytes, headerBytes } = header;
  if (recordBytes === 0) throw new InputError('EDF_DATA', `${path}: its signals have no samples.`);
  const dataBytes = size - headerBytes;
  const whole = Math.floor(dataBytes / recordBytes);
  const rest = dataBytes - whole * recordBytes;
  if (whole < 1)
    throw new InputError(
      'EDF_DATA',
      `${path}: expected data records of ${recordBytes} bytes after the header, found ${dataBytes} bytes. The recording is empty; get the file again.`,
    );
  if (declaredRecords === -1) {
    warnings.push({
      code: 'EDF_RECORDS_UNKNOWN',
      message: `the header leaves the number of data records open; the file holds ${whole}`,
    });
  } else if (declaredRecords > whole) {
    warnings.push({
      code: 'EDF_TRUNCATED',
      message: `the header announces ${declaredRecords} data records; the file holds ${whole} whole ones`,
    });
  } else if (declaredRecords < whole) {
    warnings.push({
      code: 'EDF_MORE_RECORDS',
      message: `the header announces ${declaredRecords} data records; the file holds ${whole}, and all are used`,
    });
  }
  if (rest > 0 && declaredRecords <= whole)
    warnings.push({
      code: 'EDF_TRAILING',
      message: `${rest} bytes after the last whole data record are left out`,
    });
  return whole;
}

/** Start of each data record (null: unknown) and all annotations, both from the start of the first record. */
async function readTals(
  file: FileHandle,
  header: Header,
  records: number,
  path: string,
  warnings: EdfWarning[],
): Promise<{ starts: Float64Array; annotations: EdfTal[] }> {
  const { annotationSignals, recordDurationS, headerBytes, recordBytes, bytesPerSample, kind } = header;
  const starts = Float64Array.from({ length: records }, (_, record) => record * recordDurationS);
  const annotations: EdfTal[] = [];
  let withoutTime = 0;
  let offsetS = 0;
  if (annotationSignals.length === 0) {
    if (kind.endsWith('+D'))
      throw new InputError(
        'EDF_TIME',
        `${path}: says it has holes (${kind}) but has no annotation signal that tells when each record starts.`,
      );
    return { starts, annotations };
  }
  for (let record = 0; record < records; record++) {
    for (const [index, signal] of annotationSignals.entries()) {
      const position = headerBytes + record * recordBytes + signal.byteInRecord;
      const bytes = await readBytes(file, position, signal.samplesPerRecord * bytesPerSample, path);
      const tals = parseTals(bytes, index === 0, `${path}, data record ${record}`);
      annotations.push(...tals.annotations);
      if (index > 0) continue;
      if (tals.recordStartS === null) {
        withoutTime++;
        if (kind.endsWith('+D'))
          throw new InputError(
            'EDF_TIME',
            `${path}: data record ${record} does not say when it starts, and the recording has holes (${kind}).`,
          );
        starts[record]! += offsetS;
      } else {
        if (record === 0) offsetS = tals.recordStartS;
        starts[record] = kind.endsWith('+D') ? tals.recordStartS : offsetS + record * recordDurationS;
      }
    }
  }
  if (withoutTime > 0)
    warnings.push({
      code: 'EDF_NO_TIMEKEEPING',
      message: `${withoutTime} of ${records} data records do not say when they start; they are taken as contiguous`,
    });
  const first = starts[0]!;
  return {
    starts: starts.map((start) => start - first),
    annotations: annotations.map((tal) => ({ ...tal, onsetS: tal.onsetS - first })),
  };
}

function joinRecords(starts: Float64Array, header: Header, path: string): Segment[] {
  const { recordDurationS, signals } = header;
  const fastest = Math.max(1, ...signals.map(({ sampleRate }) => sampleRate));
  const tolerance = 0.5 / fastest;
  const segments: { startS: number; durationS: number; firstRecord: number; records: number }[] = [];
  starts.forEach((startS, record) => {
    const open = segments.at(-1);
    const gapS = open === undefined ? 0 : startS - (open.startS + open.durationS);
    if (open !== undefined && gapS < -tolerance)
      throw new InputError(
        'EDF_TIME',
        `${path}: data record ${record} starts at ${startS} s, before the record ahead of it ends (${open.startS + open.durationS} s).`,
      );
    if (open !== undefined && gapS <= tolerance) {
      open.records++;
      open.durationS = open.records * recordDurationS;
    } else {
      segments.push({ startS, durationS: recordDurationS, firstRecord: record, records: 1 });
    }
  });
  return segments;
}
