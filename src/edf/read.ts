import { InputError } from '../errors.ts';
import { hasScaling, scalingText } from './header.ts';
import { openFile, readBytes } from './open.ts';
import type { EdfRecording, Segment, Signal } from './recording.ts';

const CHUNK_BYTES = 8 << 20;

/**
 * Samples of some signals over one segment, as stored: digital values, also those outside the declared range.
 *
 * @param indices of signals in `recording.signals`
 * @returns for each index (records * samplesPerRecord)
 * @throws InputError `EDF_READ` when the file has become shorter
 */
export async function readDigital(
  recording: EdfRecording,
  indices: readonly number[],
  segment: Segment,
): Promise<Int32Array[]> {
  const signals = indices.map((index) => signalAt(recording, index));
  const samples = signals.map(({ samplesPerRecord }) => new Int32Array(samplesPerRecord * segment.records));
  const { recordBytes, bytesPerSample, headerBytes, path } = recording;
  await using file = await openFile(path);
  const recordsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / recordBytes));
  for (let first = 0; first < segment.records; first += recordsPerChunk) {
    const records = Math.min(recordsPerChunk, segment.records - first);
    const position = headerBytes + (segment.firstRecord + first) * recordBytes;
    const bytes = await readBytes(file, position, records * recordBytes, path);
    signals.forEach(({ byteInRecord, samplesPerRecord }, index) => {
      const into = samples[index]!;
      for (let record = 0; record < records; record++) {
        const from = record * recordBytes + byteInRecord;
        const to = (first + record) * samplesPerRecord;
        for (let i = 0; i < samplesPerRecord; i++)
          into[to + i] = bytes.readIntLE(from + i * bytesPerSample, bytesPerSample);
      }
    });
  }
  return samples;
}

/**
 * Samples of some signals over one segment in the physical unit of their header, each at its own rate. Values
 * beyond the declared digital range are scaled like the others, never clipped.
 *
 * @returns for each index (records * samplesPerRecord)
 * @throws InputError `EDF_SCALING` for a signal whose digital or physical range is empty; `EDF_READ`
 */
export async function readSignals(
  recording: EdfRecording,
  indices: readonly number[],
  segment: Segment,
): Promise<Float64Array[]> {
  for (const index of indices) {
    const signal = signalAt(recording, index);
    if (!hasScaling(signal))
      throw new InputError(
        'EDF_SCALING',
        `${recording.path}: signal ${signal.label} cannot be scaled to ${signal.dimension || 'its unit'}: ${scalingText(signal)}.`,
      );
  }
  const digital = await readDigital(recording, indices, segment);
  return digital.map((values, at) => {
    const { digitalMin, digitalMax, physicalMin, physicalMax } = signalAt(recording, indices[at]!);
    const gain = (physicalMax - physicalMin) / (digitalMax - digitalMin);
    return Float64Array.from(values, (value) => physicalMin + (value - digitalMin) * gain);
  });
}

function signalAt(recording: EdfRecording, index: number): Signal {
  const signal = recording.signals[index];
  if (signal === undefined)
    throw new RangeError(
      `${recording.path} has ${recording.signals.length} signals; there is no signal ${index}`,
    );
  return signal;
}
