import { InputError } from '../errors.ts';
import { ascii, decimal, type FieldReader, fieldReader, printable } from './fields.ts';
import type { EdfKind, EdfWarning, Signal } from './recording.ts';
import { parseStart } from './start.ts';

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
/** A microsecond, and eleven days: what is beyond is no recording's, and its sums need not stay finite. */
const SHORTEST_RECORD_S = 1e-6;
const LONGEST_RECORD_S = 1e6;
/** Of a digital and a physical range; physical values stay finite. */
const LARGEST_DIGITAL = 2 ** 31;
const LARGEST_PHYSICAL = 1e30;

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
  const count = decimal(text);
  if (count === null || !Number.isInteger(count) || count < 1 || count > MOST_SIGNALS)
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected the number of signals, 1 to ${MOST_SIGNALS}, at byte 252, found '${printable(text)}'. The header is damaged; get the file again.`,
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
    warn(
      'EDF_NON_ASCII',
      'the header holds bytes that are not ASCII; they are read as UTF-8 or else as Latin-1',
    );

  const fields = fieldReader(bytes, path, warn);
  if (decimal(fields.text(184, 8)) !== headerBytes)
    warn(
      'EDF_HEADER_BYTES',
      `the header says it has '${fields.text(184, 8)}' bytes; with ${count} signals it has ${headerBytes}`,
    );
  const declaredRecords = fields.number(236, 8, 'the number of data records');
  if (!Number.isInteger(declaredRecords))
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected a whole number of data records at byte 236, found ${declaredRecords}. The header is damaged; get the file again.`,
    );
  const recordDurationS = fields.number(244, 8, 'the duration of a data record in seconds');
  if (recordDurationS !== 0 && !(recordDurationS >= SHORTEST_RECORD_S && recordDurationS <= LONGEST_RECORD_S))
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected a duration of a data record of 0, or ${SHORTEST_RECORD_S} to ${LONGEST_RECORD_S} s, at byte 244, found ${recordDurationS}. The header is damaged; get the file again.`,
    );

  const bytesPerSample = isBdf ? 3 : 2;
  const all = parseSignals(fields, count, recordDurationS, bytesPerSample, path);
  const annotationSignals = all.filter(isAnnotation);
  const mode = modeOf(fields.text(192, 44));
  if (mode === '' && annotationSignals.length > 0)
    warn(
      'EDF_PLUS_UNMARKED',
      'there are annotation signals, but the header is not marked EDF+; read as EDF+C',
    );
  const kind: EdfKind = `${isBdf ? 'BDF' : 'EDF'}${mode === '' && annotationSignals.length > 0 ? '+C' : mode}`;
  const signals = all.filter((signal) => !isAnnotation(signal));
  if (recordDurationS === 0 && signals.length > 0)
    throw new InputError(
      'EDF_HEADER',
      `${path}: expected the duration of a data record at byte 244 to be above 0, found 0: the sampling rates cannot be known. Correct the header or get the file again.`,
    );
  for (const signal of signals) {
    if (!hasScaling(signal))
      warn('EDF_SCALING', `signal ${printable(signal.label)} has no scaling: ${scalingText(signal)}`);
  }
  const date = fields.text(168, 8);
  const time = fields.text(176, 8);
  const { startedAt, hasOddForm } = parseStart(date, time);
  if (startedAt === null)
    warn(
      'EDF_START',
      `the start '${printable(date)}' '${printable(time)}' is no date and time; it is taken as unknown`,
    );
  if (hasOddForm) warn('EDF_START_FORM', `the start is written '${date}' '${time}', read as ${startedAt}`);

  return {
    kind,
    patient: fields.text(8, 80),
    recording: fields.text(88, 80),
    startedAt,
    headerBytes,
    declaredRecords,
    recordDurationS,
    recordBytes: all.reduce((sum, { samplesPerRecord }) => sum + samplesPerRecord * bytesPerSample, 0),
    bytesPerSample,
    signals,
    annotationSignals,
    warnings,
  };
}

function parseSignals(
  fields: FieldReader,
  count: number,
  recordDurationS: number,
  bytesPerSample: number,
  path: string,
): Signal[] {
  const signals: Signal[] = [];
  let byteInRecord = 0;
  for (let index = 0; index < count; index++) {
    const at = fieldPositions(count, index);
    const label = fields.text(at.label, SIGNAL_FIELDS.label);
    const samplesPerRecord = fields.number(
      at.samplesPerRecord,
      8,
      `the samples a record of signal ${index} (${printable(label)})`,
    );
    if (!Number.isInteger(samplesPerRecord) || samplesPerRecord < 1 || samplesPerRecord > 1e8)
      throw new InputError(
        'EDF_HEADER',
        `${path}: expected a whole number of samples a record, at least 1, for signal ${index} (${printable(label)}) at byte ${at.samplesPerRecord}, found ${samplesPerRecord}. Where its samples stand is unknown; get the file again.`,
      );
    // Without a number here only this signal is lost, and only when it is asked for.
    const scale = (from: number, what: string) =>
      fields.numberOrNaN(from, 8, `the ${what} of signal ${index} (${printable(label)})`);
    signals.push({
      label,
      transducer: fields.text(at.transducer, SIGNAL_FIELDS.transducer),
      dimension: fields.text(at.dimension, SIGNAL_FIELDS.dimension),
      physicalMin: scale(at.physicalMin, 'physical minimum'),
      physicalMax: scale(at.physicalMax, 'physical maximum'),
      digitalMin: scale(at.digitalMin, 'digital minimum'),
      digitalMax: scale(at.digitalMax, 'digital maximum'),
      prefiltering: fields.text(at.prefiltering, SIGNAL_FIELDS.prefiltering),
      samplesPerRecord,
      sampleRate: recordDurationS > 0 ? samplesPerRecord / recordDurationS : 0,
      byteInRecord,
    });
    byteInRecord += samplesPerRecord * bytesPerSample;
  }
  return signals;
}

/** Whether digital values can be turned into physical ones. */
export function hasScaling(signal: Signal): boolean {
  const { digitalMin, digitalMax, physicalMin, physicalMax } = signal;
  const isWithin = (most: number, ...values: number[]) => values.every((value) => Math.abs(value) <= most);
  const isComplete =
    isWithin(LARGEST_DIGITAL, digitalMin, digitalMax) && isWithin(LARGEST_PHYSICAL, physicalMin, physicalMax);
  return isComplete && digitalMin !== digitalMax && physicalMin !== physicalMax;
}

/** The ranges of a signal, for messages. */
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

function modeOf(reserved: string): '' | '+C' | '+D' {
  const match = /^[EB]DF\+([CD])/.exec(reserved);
  return match === null ? '' : `+${match[1] as 'C' | 'D'}`;
}

/** Some writers vary the case, and some BDF files carry EDF's label. */
function isAnnotation({ label }: Signal): boolean {
  return /^[EB]DF Annotations$/i.test(label);
}
