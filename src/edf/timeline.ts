import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { readStrided } from './bytes.ts';
import type { Header } from './header.ts';
import { clockOf, timeToleranceS } from './record-clock.ts';
import type { EdfTal, EdfWarning, Segment } from './recording.ts';
import { joinRecords } from './segments.ts';
import { parseTals } from './tal.ts';

const CHUNK_BYTES = 8 << 20;

/** When the samples of a recording were taken, and its annotations; seconds from the first data record. */
export interface Timeline {
  readonly segments: readonly Segment[];
  /** In order of onset. */
  readonly annotations: readonly EdfTal[];
  /** Start of the first data record after the header's start: EDF+ keeps fractions of a second here. */
  readonly firstOnsetS: number;
}

/**
 * Reads the annotation signals of all data records (EDF+ specification, sections 2.2.2 to 2.2.4).
 *
 * @throws InputError `EDF_TAL`; `EDF_TIME` where a discontinuous recording does not tell its times, or they overlap
 */
export async function readTimeline(
  file: FileHandle,
  header: Header,
  records: number,
  path: string,
  warnings: EdfWarning[],
): Promise<Timeline> {
  const isDiscontinuous = header.kind.endsWith('+D');
  if (header.annotationSignals.length === 0) {
    if (isDiscontinuous)
      throw new InputError(
        'EDF_TIME',
        `${path}: says it has holes (${header.kind}) but has no annotation signal that tells when each data record starts. Export it again as EDF+C or with its annotations.`,
      );
    return { segments: [contiguous(records, header)], annotations: [], firstOnsetS: 0 };
  }
  const { starts, annotations } = await readTals(file, header, records, path, warnings);
  const firstOnsetS = starts[0] ?? 0;
  if (firstOnsetS < 0 || firstOnsetS >= 1)
    warnings.push({
      code: 'EDF_FIRST_ONSET',
      message: `the first data record starts ${firstOnsetS} s from the start in the header, where EDF+ allows less than 1 s; times count from that record`,
    });
  const fromFirst = starts.map((start) => (start === null ? null : start - firstOnsetS));
  return {
    segments: isDiscontinuous
      ? joinRecords(recordTimes(fromFirst, header, path), clockOf(header), path, warnings)
      : [checkedContiguous(fromFirst, header, warnings)],
    annotations: annotations
      .map((tal) => ({ ...tal, onsetS: tal.onsetS - firstOnsetS }))
      .sort((a, b) => a.onsetS - b.onsetS),
    firstOnsetS,
  };
}

/** Stated start of each data record (null: none) and all annotations, in seconds from the header's start. */
async function readTals(
  file: FileHandle,
  header: Header,
  records: number,
  path: string,
  warnings: EdfWarning[],
): Promise<{ starts: (number | null)[]; annotations: EdfTal[] }> {
  const { annotationSignals, headerBytes, recordBytes, bytesPerSample } = header;
  const starts: (number | null)[] = [];
  const annotations: EdfTal[] = [];
  let notUtf8 = 0;
  const lengths = annotationSignals.map(({ samplesPerRecord }) => samplesPerRecord * bytesPerSample);
  const recordsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / Math.max(...lengths)));
  for (let first = 0; first < records; first += recordsPerChunk) {
    const count = Math.min(recordsPerChunk, records - first);
    const chunks: Buffer[] = [];
    for (const [index, { byteInRecord }] of annotationSignals.entries()) {
      const position = headerBytes + first * recordBytes + byteInRecord;
      chunks.push(await readStrided(file, position, recordBytes, lengths[index]!, count, path));
    }
    for (let record = 0; record < count; record++) {
      for (const [index, length] of lengths.entries()) {
        const bytes = chunks[index]!.subarray(record * length, (record + 1) * length);
        const tals = parseTals(bytes, index === 0, `${path}, data record ${first + record}`);
        annotations.push(...tals.annotations);
        notUtf8 += tals.notUtf8;
        if (index === 0) starts.push(tals.recordStartS);
      }
    }
  }
  if (notUtf8 > 0)
    warnings.push({
      code: 'EDF_TAL_TEXT',
      message: `${notUtf8} annotations are not UTF-8; they are read as Latin-1`,
    });
  return { starts, annotations };
}

function contiguous(records: number, { recordDurationS }: Header): Segment {
  return { startS: 0, durationS: records * recordDurationS, firstRecord: 0, records };
}

/** An EDF+C recording is contiguous by definition; what its records say of their times is only checked. */
function checkedContiguous(
  starts: readonly (number | null)[],
  header: Header,
  warnings: EdfWarning[],
): Segment {
  const tolerance = timeToleranceS(clockOf(header));
  const withoutTime = starts.filter((start) => start === null).length;
  if (withoutTime > 0)
    warnings.push({
      code: 'EDF_NO_TIMEKEEPING',
      message: `${withoutTime} of ${starts.length} data records do not say when they start; they are taken as contiguous`,
    });
  const isOff = (start: number | null, record: number) =>
    start !== null && Math.abs(start - record * header.recordDurationS) > tolerance;
  const off = starts.findIndex(isOff);
  if (off >= 0)
    warnings.push({
      code: 'EDF_TIMES_DISAGREE',
      message: `data record ${off} says it starts at ${starts[off]} s, but the recording is marked contiguous (${header.kind}), so it starts at ${off * header.recordDurationS} s; ${starts.filter(isOff).length} records are off`,
    });
  return contiguous(starts.length, header);
}

function recordTimes(starts: readonly (number | null)[], { kind }: Header, path: string): number[] {
  return starts.map((start, record) => {
    if (start !== null) return start;
    throw new InputError(
      'EDF_TIME',
      `${path}: data record ${record} does not say when it starts, and the recording has holes (${kind}). Its times would be a guess; get the file again.`,
    );
  });
}
