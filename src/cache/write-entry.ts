import { npyHeader, writeAtomicWith } from '../files/index.ts';
import type { PreprocessedSegment } from '../signal/index.ts';
import { archive } from './npz.ts';
import type { Provenance } from './provenance.ts';

/** What an entry holds; docs/cache.md describes it. */
export interface EntryContent {
  /** (N, C) int16 */
  readonly signal: Int16Array;
  /** (N): 0 background, 1 seizure, 2 excluded */
  readonly labels: Uint8Array;
  readonly segments: readonly PreprocessedSegment[];
  readonly scale: number;
  readonly provenance: Provenance;
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const pairsOf = (pairs: readonly (readonly [number, number])[]) =>
  BigInt64Array.from(pairs.flat(), (value) => BigInt(value));

/** A stretch of rows with one label. */
export interface LabelRun {
  readonly firstRow: number;
  readonly rows: number;
  readonly label: number;
}

/** Labels as stretches, in order. */
export function labelRuns(labels: Uint8Array): LabelRun[] {
  const runs: LabelRun[] = [];
  for (let firstRow = 0; firstRow < labels.length; ) {
    const label = labels[firstRow]!;
    let end = firstRow + 1;
    while (end < labels.length && labels[end] === label) end++;
    runs.push({ firstRow, rows: end - firstRow, label });
    firstRow = end;
  }
  return runs;
}

/** Writes an entry, atomically. The same content gives the same bytes. */
export async function writeEntry(path: string, content: EntryContent): Promise<void> {
  const { signal, labels, segments, scale, provenance } = content;
  const runs = labelRuns(labels);
  const pieces = archive(
    new Map([
      // What a scan needs comes last, so that it is one read together with the directory.
      ['signal.npy', [npyHeader('<i2', [labels.length, provenance.channels.length]), bytesOf(signal)]],
      ['labels.npy', [npyHeader('|u1', [labels.length]), labels]],
      [
        'label_runs.npy',
        [
          npyHeader('<i8', [runs.length, 2]),
          bytesOf(pairsOf(runs.map(({ firstRow, label }) => [firstRow, label]))),
        ],
      ],
      [
        'segments.npy',
        [
          npyHeader('<i8', [segments.length, 2]),
          bytesOf(pairsOf(segments.map(({ firstRow, startSample }) => [firstRow, startSample]))),
        ],
      ],
      ['scale.npy', [npyHeader('<f4', [1]), bytesOf(Float32Array.of(scale))]],
      ['provenance.json', [Buffer.from(`${JSON.stringify(provenance, null, 1)}\n`)]],
    ]),
  );
  await writeAtomicWith(path, async (file) => {
    for (const piece of pieces) await file.writeFile(piece);
  });
}
