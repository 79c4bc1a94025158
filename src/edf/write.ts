import { BgbError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import { FIXED_BYTES, fieldPositions, SIGNAL_BYTES } from './header.ts';
import type { Signal } from './recording.ts';

/** A signal to write: the header fields that matter, and its digital values. */
export interface SignalToWrite
  extends Pick<
    Signal,
    'label' | 'dimension' | 'physicalMin' | 'physicalMax' | 'digitalMin' | 'digitalMax' | 'samplesPerRecord'
  > {
  /** (records * samplesPerRecord), each within 16 bits */
  readonly digital: ArrayLike<number>;
}

export interface EdfToWrite {
  readonly patient: string;
  readonly recording: string;
  /** ISO 8601 without zone, between 1985 and 2084 */
  readonly startedAt: string;
  readonly recordDurationS: number;
  readonly signals: readonly SignalToWrite[];
}

/**
 * Writes a plain EDF file (EDF specification, 1992), atomically.
 *
 * @throws BgbError `EDF_WRITE` when a field does not fit its place, a value 16 bits, or a signal whole records
 */
export async function writeEdf(path: string, content: EdfToWrite): Promise<void> {
  const { signals, recordDurationS } = content;
  const records = signals[0] === undefined ? 0 : signals[0].digital.length / signals[0].samplesPerRecord;
  for (const { label, digital, samplesPerRecord } of signals)
    if (digital.length !== records * samplesPerRecord || !Number.isInteger(records) || records < 1)
      throw new BgbError(
        'EDF_WRITE',
        `${path}: signal ${label} has ${digital.length} samples, not ${records} records of ${samplesPerRecord}`,
      );

  const headerBytes = FIXED_BYTES + SIGNAL_BYTES * signals.length;
  const recordSamples = signals.reduce((sum, { samplesPerRecord }) => sum + samplesPerRecord, 0);
  const bytes = Buffer.alloc(headerBytes + 2 * recordSamples * records, ' ', 'latin1');
  const put = (at: number, width: number, text: string) => {
    if (text.length > width || /[^\x20-\x7e]/.test(text))
      throw new BgbError('EDF_WRITE', `${path}: '${text}' is no ASCII text of at most ${width} bytes`);
    bytes.write(text, at, 'latin1');
  };
  const [year, month, day] = content.startedAt.slice(0, 10).split('-') as [string, string, string];
  put(0, 8, '0');
  put(8, 80, content.patient);
  put(88, 80, content.recording);
  put(168, 8, `${day}.${month}.${year.slice(2)}`);
  put(176, 8, content.startedAt.slice(11, 19).replaceAll(':', '.'));
  put(184, 8, String(headerBytes));
  put(236, 8, String(records));
  put(244, 8, String(recordDurationS));
  put(252, 4, String(signals.length));
  signals.forEach((signal, index) => {
    const at = fieldPositions(signals.length, index);
    put(at.label, 16, signal.label);
    put(at.dimension, 8, signal.dimension);
    put(at.physicalMin, 8, String(signal.physicalMin));
    put(at.physicalMax, 8, String(signal.physicalMax));
    put(at.digitalMin, 8, String(signal.digitalMin));
    put(at.digitalMax, 8, String(signal.digitalMax));
    put(at.samplesPerRecord, 8, String(signal.samplesPerRecord));
  });
  let position = headerBytes;
  for (let record = 0; record < records; record++)
    for (const { digital, samplesPerRecord, label } of signals)
      for (let i = record * samplesPerRecord; i < (record + 1) * samplesPerRecord; i++) {
        const value = digital[i]!;
        if (!Number.isInteger(value) || value < -32768 || value > 32767)
          throw new BgbError(
            'EDF_WRITE',
            `${path}: sample ${i} of ${label} is ${value}, which is no 16-bit integer`,
          );
        position = bytes.writeInt16LE(value, position);
      }
  await writeAtomic(path, bytes);
}
