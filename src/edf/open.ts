import { InputError } from '../errors.ts';
import { openFile, readBytes } from './bytes.ts';
import { FIXED_BYTES, type Header, parseHeader, SIGNAL_BYTES, signalCount } from './header.ts';
import type { EdfRecording, EdfWarning } from './recording.ts';
import { shiftedStart } from './start.ts';
import { readTimeline } from './timeline.ts';

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
  const headerBytes = FIXED_BYTES + SIGNAL_BYTES * signalCount(fixed, path);
  const header = parseHeader(await readBytes(file, 0, Math.min(size, headerBytes), path), path);
  const warnings = [...header.warnings];
  const records = countRecords(header, size, path, warnings);
  const { segments, annotations, firstOnsetS } = await readTimeline(file, header, records, path, warnings);
  const last = segments.at(-1)!;
  return {
    path,
    kind: header.kind,
    patient: header.patient,
    recording: header.recording,
    startedAt: shiftedStart(header.startedAt, firstOnsetS),
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

// The file's size decides: what was recorded is used, whatever the header counts.
function countRecords(header: Header, size: number, path: string, warnings: EdfWarning[]): number {
  const { declaredRecords, recordBytes, headerBytes } = header;
  const dataBytes = size - headerBytes;
  const whole = Math.floor(dataBytes / recordBytes);
  const rest = dataBytes - whole * recordBytes;
  if (whole < 1)
    throw new InputError(
      'EDF_DATA',
      `${path}: expected data records of ${recordBytes} bytes after the header of ${headerBytes}, found ${dataBytes} bytes. The recording is empty; get the file again.`,
    );
  if (declaredRecords === -1) {
    warnings.push({
      code: 'EDF_RECORDS_UNKNOWN',
      message: `the header leaves the number of data records open; the file holds ${whole}`,
    });
  } else if (declaredRecords > whole) {
    warnings.push({
      code: 'EDF_TRUNCATED',
      message: `the header announces ${declaredRecords} data records; the file holds ${whole} whole ones${rest > 0 ? ` and ${rest} bytes of the next, which are left out` : ''}`,
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
