import { BgbError } from '../errors.ts';
import { writeAtomicWith } from '../files/index.ts';
import { FIXED_BYTES, fieldPositions, SIGNAL_BYTES } from './header.ts';
import type { EdfTal, Signal } from './recording.ts';
import { type ScheduledTals, scheduleTals } from './write-tals.ts';

const CHUNK_BYTES = 8 << 20;

/** A signal to write: its header fields, and its digital values. */
export interface SignalToWrite
  extends Pick<
      Signal,
      'label' | 'dimension' | 'physicalMin' | 'physicalMax' | 'digitalMin' | 'digitalMax' | 'samplesPerRecord'
    >,
    Partial<Pick<Signal, 'transducer' | 'prefiltering'>> {
  /** (records * samplesPerRecord), each within 16 bits; values beyond the digital range are written as they are */
  readonly digital: ArrayLike<number>;
}

/** What the header says of a signal to write. */
export type SignalHeader = Omit<SignalToWrite, 'digital'>;

export interface EdfToWrite {
  /** EDF+ asks for `code sex birthdate name`, each `X` where unknown. */
  readonly patient: string;
  /** EDF+ asks for `Startdate dd-MMM-yyyy code technician equipment`, each `X` where unknown. */
  readonly recording: string;
  /** ISO 8601 without zone, from 1985 to 2084; a fraction of a second asks for EDF+C */
  readonly startedAt: string;
  readonly recordDurationS: number;
  readonly signals: readonly SignalToWrite[];
  /** Given, even if empty: EDF+C with these annotations. Left out: plain EDF. */
  readonly annotations?: readonly EdfTal[];
}

/**
 * Writes an EDF (1992) or EDF+C (2003) file, atomically. Digital values and header fields come back from
 * `openEdf` and `readDigital` as they went in.
 *
 * @throws BgbError `EDF_WRITE` when a field does not fit its place, a value 16 bits, or a signal whole records
 */
export async function writeEdf(path: string, content: EdfToWrite): Promise<void> {
  const fail = (message: string): never => {
    throw new BgbError('EDF_WRITE', `${path}: ${message}`);
  };
  const records = recordsOf(content, fail);
  const { clock, fractionS } = startOf(content.startedAt, fail);
  const { annotations, recordDurationS } = content;
  if (annotations === undefined && fractionS !== 0)
    fail(`a start with a fraction of a second (${content.startedAt}) needs EDF+; give annotations`);
  const tals =
    annotations === undefined ? null : scheduleTals(annotations, records, recordDurationS, fractionS, fail);
  const header = headerOf(content, records, clock, tals, fail);
  const { signals } = content;
  const recordBytes =
    2 * signals.reduce((sum, { samplesPerRecord }) => sum + samplesPerRecord, 0) +
    (tals?.bytesPerRecord ?? 0);
  const recordsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / recordBytes));
  await writeAtomicWith(path, async (file) => {
    await file.writeFile(header);
    for (let first = 0; first < records; first += recordsPerChunk) {
      const count = Math.min(recordsPerChunk, records - first);
      const bytes = Buffer.alloc(count * recordBytes);
      let position = 0;
      for (let record = first; record < first + count; record++) {
        for (const signal of signals) position = putSamples(bytes, position, signal, record, fail);
        if (tals === null) continue;
        bytes.set(tals.records[record]!, position);
        position += tals.bytesPerRecord;
      }
      await file.writeFile(bytes);
    }
  });
}

function recordsOf({ signals, recordDurationS }: EdfToWrite, fail: (message: string) => never): number {
  const first = signals[0];
  if (first === undefined) return fail('a recording needs a signal');
  if (!(recordDurationS > 0)) fail(`the duration of a data record is ${recordDurationS} s`);
  const records = first.digital.length / first.samplesPerRecord;
  for (const { label, digital, samplesPerRecord } of signals)
    if (digital.length !== records * samplesPerRecord || !Number.isInteger(records) || records < 1)
      fail(
        `signal ${label} has ${digital.length} samples, which is not ${records} records of ${samplesPerRecord}`,
      );
  return records;
}

/** Header fields of a start such as `2005-12-31T23:59:59.5`; `fail` is told of one that EDF cannot hold. */
export function startOf(startedAt: string, fail: (message: string) => never) {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?$/.exec(startedAt);
  if (match === null || Number.isNaN(Date.parse(`${startedAt}Z`)))
    return fail(`the start '${startedAt}' is not of the form 2005-12-31T23:59:59`);
  const [, year, month, day, hour, minute, second, fraction] = match;
  if (Number(year) < 1985 || Number(year) > 2084)
    fail(`the start '${startedAt}' is not from 1985 to 2084, which is all that EDF can hold`);
  return {
    clock: { date: `${day}.${month}.${year!.slice(2)}`, time: `${hour}.${minute}.${second}` },
    fractionS: Number(fraction ?? 0),
  };
}

/** The header of a file with `records` data records. */
export function headerOf(
  content: Omit<EdfToWrite, 'signals'> & { readonly signals: readonly SignalHeader[] },
  records: number,
  clock: { date: string; time: string },
  tals: ScheduledTals | null,
  fail: (message: string) => never,
): Buffer {
  const signals: readonly SignalHeader[] =
    tals === null ? content.signals : [...content.signals, tals.signal];
  const bytes = Buffer.alloc(FIXED_BYTES + SIGNAL_BYTES * signals.length, ' ', 'latin1');
  const put = (at: number, width: number, text: string) => {
    if (text.length > width || /[^\x20-\x7e]/.test(text))
      fail(`'${text}' is no ASCII text of at most ${width} bytes`);
    bytes.write(text, at, 'latin1');
  };
  const putNumber = (at: number, value: number) => put(at, 8, numberText(value, fail));
  put(0, 8, '0');
  put(8, 80, content.patient);
  put(88, 80, content.recording);
  put(168, 8, clock.date);
  put(176, 8, clock.time);
  putNumber(184, bytes.length);
  if (tals !== null) put(192, 44, 'EDF+C');
  putNumber(236, records);
  putNumber(244, content.recordDurationS);
  put(252, 4, String(signals.length));
  signals.forEach((signal, index) => {
    const at = fieldPositions(signals.length, index);
    put(at.label, 16, signal.label);
    put(at.transducer, 80, signal.transducer ?? '');
    put(at.dimension, 8, signal.dimension);
    putNumber(at.physicalMin, signal.physicalMin);
    putNumber(at.physicalMax, signal.physicalMax);
    putNumber(at.digitalMin, signal.digitalMin);
    putNumber(at.digitalMax, signal.digitalMax);
    put(at.prefiltering, 80, signal.prefiltering ?? '');
    putNumber(at.samplesPerRecord, signal.samplesPerRecord);
  });
  return bytes;
}

/** A number in the 8 bytes of its field, without loss. */
function numberText(value: number, fail: (message: string) => never): string {
  const plain = String(value);
  const forms = [plain, plain.replace(/^(-?)0\./, '$1.'), value.toExponential().replace('e+', 'e')];
  const text = forms.find(({ length }) => length <= 8);
  if (text === undefined || !Number.isFinite(value)) return fail(`the number ${value} does not fit 8 bytes`);
  return text;
}

function putSamples(
  bytes: Buffer,
  position: number,
  { digital, samplesPerRecord, label }: SignalToWrite,
  record: number,
  fail: (message: string) => never,
): number {
  let at = position;
  for (let i = record * samplesPerRecord; i < (record + 1) * samplesPerRecord; i++) {
    const value = digital[i]!;
    if (!Number.isInteger(value) || value < -32768 || value > 32767)
      fail(`sample ${i} of ${label} is ${value}, which is no 16-bit integer`);
    at = bytes.writeInt16LE(value, at);
  }
  return at;
}
