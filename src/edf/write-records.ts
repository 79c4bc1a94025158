import { endianness } from 'node:os';
import { BgbError } from '../errors.ts';
import { writeAtomicWith } from '../files/index.ts';
import { type EdfToWrite, headerOf, type SignalHeader, startOf } from './write.ts';

const CHUNK_BYTES = 1 << 20;

/** A plain EDF file whose samples are made while it is written. */
export interface EdfByRecords
  extends Pick<EdfToWrite, 'patient' | 'recording' | 'startedAt' | 'recordDurationS'> {
  readonly signals: readonly SignalHeader[];
  readonly records: number;
  /**
   * Fills one data record: the samples of the first signal, then those of the second, and so on. Called once a
   * record, in order; may throw to stop, which leaves no file.
   */
  readonly fill: (record: number, samples: Int16Array) => void;
}

/**
 * Writes a plain EDF (1992) file record by record, atomically: memory stays at one chunk of about 1 MB, whatever
 * the length of the recording.
 *
 * @throws BgbError `EDF_WRITE` when a field does not fit its place; what `fill` throws
 */
export async function writeEdfRecords(path: string, content: EdfByRecords): Promise<void> {
  const fail = (message: string): never => {
    throw new BgbError('EDF_WRITE', `${path}: ${message}`);
  };
  const { signals, records, recordDurationS, startedAt, fill } = content;
  if (signals.length === 0) fail('a recording needs a signal');
  if (!Number.isInteger(records) || records < 1) fail(`a file of ${records} data records`);
  if (!(recordDurationS > 0)) fail(`the duration of a data record is ${recordDurationS} s`);
  const { clock, fractionS } = startOf(startedAt, fail);
  if (fractionS !== 0) fail(`a start with a fraction of a second (${startedAt}) needs EDF+`);
  const header = headerOf(content, records, clock, null, fail);
  const samplesPerRecord = signals.reduce((sum, signal) => sum + signal.samplesPerRecord, 0);
  const recordsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / (2 * samplesPerRecord)));
  const samples = new Int16Array(recordsPerChunk * samplesPerRecord);
  const bytes = Buffer.from(samples.buffer);
  await writeAtomicWith(path, async (file) => {
    await file.writeFile(header);
    for (let first = 0; first < records; first += recordsPerChunk) {
      const count = Math.min(recordsPerChunk, records - first);
      for (let index = 0; index < count; index++)
        fill(first + index, samples.subarray(index * samplesPerRecord, (index + 1) * samplesPerRecord));
      const chunk = bytes.subarray(0, 2 * count * samplesPerRecord);
      // EDF is little-endian.
      if (endianness() === 'BE') chunk.swap16();
      await file.writeFile(chunk);
    }
  });
}
