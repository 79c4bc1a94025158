import { InputError } from '../errors.ts';
import type { EdfKind, EdfWarning, Signal } from './recording.ts';

/**
 * The header of an EDF or BDF file: fixed fields of ASCII, padded with spaces (EDF specification, 1992; EDF+
 * 2003 for the reserved field; BDF as BioSemi defines it). What is odd but clear is repaired with a warning;
 * what would make samples or times a guess is refused.
 */
export interface Header {
  readonly kind: EdfKind;
  readonly patient: string;
  readonly recording: string;
  readonly startedAt: string | null;
  readonly headerBytes: number;
  /** As declared; -1 while a recording is being written. */
  readonly declaredRecords: number;
  readonly recordDurationS: number;
  readonly recordBytes: number;
  readonly bytesPerSample: number;
  readonly signals: readonly Signal[];
  readonly annotationSignals: readonly Signal[];
  readonly warnings: readonly EdfWarning[];
}

export const FIXED_BYTES = 256;
export const SIGNAL_BYTES = 256;
const MOST_SIGNALS = 4096;

/** Widths of the fields of a signal, which stand field by field, not signal by signal. */
const SIGNAL_FIELDS = {
  label: 16,
  transducer: 80,
  dimension: 8,
  physicalMin: 8,
  physicalMax: 8,
  digitalMin: 8,
  digitalMax: 8,
  prefiltering: 80,
  samplesPerRecord: 8,
  reserved: 32,
} as const;

/** Number of signals that the first 256 bytes announce. @throws InputError `EDF_FORMAT`, `EDF_HEADER` */
export function signalCount(fixed: Uint8Array, path: string): number {
  formatOf(fixed, path);
  const text = ascii(fixed, 252, 4);
  const count = Number(text);
  if (text === '' || !Number.isInteger(count) || count < 1 || count > MOST_SIGNALS)
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected the number of signals at byte 252, found '${text}'. The header is damaged; get the file again.`,
    );
  return count;
}

/**
 * Reads a whole header.
 *
 * @param bytes the first 256 * (1 + signals) bytes
 * @throws InputError `EDF_FORMAT`, `EDF_HEADER`
 */
export function parseHeader(bytes: Uint8Array, path: string): Header {
  const warnings: EdfWarning[] = [];
  const warn = (code: string, message: string) => warnings.push({ code, message });
  const isBdf = formatOf(bytes, path) === 'BDF';
  const count = signalCount(bytes, path);
  const headerBytes = FIXED_BYTES + SIGNAL_BYTES * count;
  if (bytes.length < headerBytes)
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected a header of ${headerBytes} bytes for ${count} signals, found ${bytes.length}. The file is cut off; get it again.`,
    );
  if (bytes.subarray(0, headerBytes).includes(0))
    warn('EDF_NUL', 'the header is padded with NULs instead of spaces');
  if (bytes.subarray(isBdf ? 1 : 0, headerBytes).some((byte) => byte > 126))
    warn('EDF_NON_ASCII', 'the header holds bytes that are not ASCII; they are read as Latin-1');

  const number = (at: number, width: number, what: string): number => {
    const text = ascii(bytes, at, width);
    const repaired = text.replace(',', '.');
    const value = Number(repaired);
    if (repaired === '' || !Number.isFinite(value))
      throw new InputError(
        'EDF_HEADER',
        `${path}: expected ${what} at byte ${at}, found '${text}'. The header is damaged; get the file again.`,
      );
    if (repaired !== text) warn('EDF_DECIMAL_COMMA', `${what} is written '${text}', read as ${value}`);
    return value;
  };

  const declaredBytes = Number(ascii(bytes, 184, 8));
  if (declaredBytes !== headerBytes)
    warn(
      'EDF_HEADER_BYTES',
      `the header says it has '${ascii(bytes, 184, 8)}' bytes; with ${count} signals it has ${headerBytes}`,
    );
  const declaredRecords = number(236, 8, 'the number of data records');
  if (!Number.isInteger(declaredRecords))
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected a whole number of data records at byte 236, found ${declaredRecords}.`,
    );
  const recordDurationS = number(244, 8, 'the duration of a data record in seconds');
  if (recordDurationS < 0)
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected a duration of a data record of 0 or more at byte 244, found ${recordDurationS}.`,
    );

  const reserved = ascii(bytes, 192, 44);
  const mode =
    reserved.startsWith('EDF+C') || reserved.startsWith('BDF+C')
      ? '+C'
      : reserved.startsWith('EDF+D') || reserved.startsWith('BDF+D')
        ? '+D'
        : '';
  const kind: EdfKind = `${isBdf ? 'BDF' : 'EDF'}${mode}`;
  const bytesPerSample = isBdf ? 3 : 2;

  const all: Signal[] = [];
  let byteInRecord = 0;
  for (let index = 0; index < count; index++) {
    const at = fieldPositions(count, index);
    const label = ascii(bytes, at.label, SIGNAL_FIELDS.label);
    const samplesPerRecord = number(
      at.samplesPerRecord,
      8,
      `the samples a record of signal ${index} (${label})`,
    );
    if (!Number.isInteger(samplesPerRecord) || samplesPerRecord < 1 || samplesPerRecord > 1e8)
      throw new InputError(
        'EDF_HEADER',
        `${path}: expected a whole number of samples a record, at least 1, for signal ${index} (${label}) at byte ${at.samplesPerRecord}, found ${samplesPerRecord}.`,
      );
    all.push({
      label,
      transducer: ascii(bytes, at.transducer, SIGNAL_FIELDS.transducer),
      dimension: ascii(bytes, at.dimension, SIGNAL_FIELDS.dimension),
      physicalMin: number(at.physicalMin, 8, `the physical minimum of signal ${index} (${label})`),
      physicalMax: number(at.physicalMax, 8, `the physical maximum of signal ${index} (${label})`),
      digitalMin: number(at.digitalMin, 8, `the digital minimum of signal ${index} (${label})`),
      digitalMax: number(at.digitalMax, 8, `the digital maximum of signal ${index} (${label})`),
      prefiltering: ascii(bytes, at.prefiltering, SIGNAL_FIELDS.prefiltering),
      samplesPerRecord,
      sampleRate: recordDurationS > 0 ? samplesPerRecord / recordDurationS : 0,
      byteInRecord,
    });
    byteInRecord += samplesPerRecord * bytesPerSample;
  }
  const isAnnotation = ({ label }: Signal) => mode !== '' && label === `${isBdf ? 'BDF' : 'EDF'} Annotations`;
  const signals = all.filter((signal) => !isAnnotation(signal));
  if (recordDurationS === 0 && signals.length > 0)
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected the duration of a data record at byte 244 to be above 0, found 0: the sampling rates cannot be known.`,
    );
  for (const signal of signals) {
    if (!hasScaling(signal))
      warn('EDF_SCALING', `signal ${signal.label} has no scaling: ${scalingText(signal)}`);
  }
  const startedAt = startOf(ascii(bytes, 168, 8), ascii(bytes, 176, 8));
  if (startedAt === null)
    warn(
      'EDF_START',
      `the start '${ascii(bytes, 168, 8)}' '${ascii(bytes, 176, 8)}' is no date and time; it is taken as unknown`,
    );

  return {
    kind,
    patient: ascii(bytes, 8, 80),
    recording: ascii(bytes, 88, 80),
    startedAt,
    headerBytes,
    declaredRecords,
    recordDurationS,
    recordBytes: byteInRecord,
    bytesPerSample,
    signals,
    annotationSignals: all.filter(isAnnotation),
    warnings,
  };
}

/** Whether digital values can be turned into physical ones. */
export function hasScaling(signal: Signal): boolean {
  return signal.digitalMin !== signal.digitalMax && signal.physicalMin !== signal.physicalMax;
}

export function scalingText(signal: Signal): string {
  return `digital ${signal.digitalMin} to ${signal.digitalMax}, physical ${signal.physicalMin} to ${signal.physicalMax}`;
}

/** Where the fields of a signal begin. */
export function fieldPositions(count: number, index: number): Record<keyof typeof SIGNAL_FIELDS, number> {
  let start = FIXED_BYTES;
  const positions = {} as Record<keyof typeof SIGNAL_FIELDS, number>;
  for (const [name, width] of Object.entries(SIGNAL_FIELDS) as [keyof typeof SIGNAL_FIELDS, number][]) {
    positions[name] = start + index * width;
    start += count * width;
  }
  return positions;
}

function formatOf(bytes: Uint8Array, path: string): 'EDF' | 'BDF' {
  if (bytes.length < FIXED_BYTES)
    throw new InputError(
      'EDF_FORMAT',
      `${path}: expected an EDF header of at least ${FIXED_BYTES} bytes, found a file of ${bytes.length} bytes. It is empty or cut off; get it again.`,
    );
  if (bytes[0] === 0xff && ascii(bytes, 1, 7) === 'BIOSEMI') return 'BDF';
  const version = ascii(bytes, 0, 8);
  if (version === '0') return 'EDF';
  throw new InputError(
    'EDF_FORMAT',
    `${path}: expected '0' (EDF) or BioSemi's mark (BDF) in the first 8 bytes, found '${printable(version)}'. This is not an EDF or BDF file.`,
  );
}

/** EDF's two-digit years run from 1985 to 2084. Separators other than points occur and are accepted. */
function startOf(date: string, time: string): string | null {
  const day = /^(\d\d)[./:-](\d\d)[./:-](\d\d)$/.exec(date);
  const clock = /^(\d\d)[./:-](\d\d)[./:-](\d\d)$/.exec(time);
  if (day === null || clock === null) return null;
  const year = Number(day[3]) + (Number(day[3]) >= 85 ? 1900 : 2000);
  const iso = `${year}-${day[2]}-${day[1]}T${clock[1]}:${clock[2]}:${clock[3]}`;
  const parsed = new Date(`${iso}Z`);
  // Date rolls 30 February over to March; only what comes back unchanged is a date.
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(iso) ? iso : null;
}

function ascii(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(
    bytes.buffer,
    bytes.byteOffset + start,
    Math.max(0, Math.min(length, bytes.length - start)),
  )
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .replace(/^ +/, '')
    .replaceAll('\0', ' ');
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
