/**
 * EDF and BDF recordings, plain and "+".
 *
 * ```ts
 * const recording = await openEdf('chb01_03.edf');
 * recording.signals.map(({ label }) => label);              // ['FP1-F7', ...]
 * for (const segment of recording.segments)                 // stretches without a hole
 *   await readSignals(recording, [0, 1], segment);          // microvolts, if the header says so
 * ```
 */

export { openFile } from './bytes.ts';
export { EdfBytes, type EdfRecord, type EdfStart } from './edf-bytes.ts';
export { type NpyIndex, writeNpyFolder } from './npy-folder.ts';
export { openEdf } from './open.ts';
export { type RecordRange, readDigital, readPartOfRecord, readSignals, recordsWithin } from './read.ts';
export type { EdfKind, EdfRecording, EdfTal, EdfWarning, Segment, Signal } from './recording.ts';
export { sampleSeconds } from './segments.ts';
export { type EdfToWrite, type SignalHeader, type SignalToWrite, writeEdf } from './write.ts';
export { type EdfByRecords, writeEdfRecords } from './write-records.ts';
