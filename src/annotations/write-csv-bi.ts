import { BgbError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import { COLUMNS, VERSION } from './tusz-csv.ts';

export interface CsvBiContent {
  /** Name of the recording, without folder and extension. */
  readonly name: string;
  readonly durationS: number;
  /** Seizures that do not overlap, in any order, within the recording. */
  readonly events: readonly { startS: number; endS: number; confidence: number }[];
  /** Name of a montage file, for tools that look for the line. */
  readonly montageFile?: string;
}

/**
 * Writes seizures as TUSZ's `.csv_bi`, with background between them, times to 0.1 ms, atomically.
 *
 * @throws BgbError `ANNOTATION_WRITE` for events that overlap, are outside the recording or shorter than 0.1 ms
 */
export async function writeCsvBi(path: string, content: CsvBiContent): Promise<void> {
  const { name, durationS, montageFile } = content;
  const rows: string[] = [];
  const row = (startS: number, endS: number, label: string, confidence: number) => {
    const [start, stop] = [startS.toFixed(4), endS.toFixed(4)];
    if (start !== stop) rows.push(`TERM,${start},${stop},${label},${confidence.toFixed(4)}`);
  };
  const refuse = (expected: string, found: string): never => {
    throw new BgbError('ANNOTATION_WRITE', `${path}: expected ${expected}, found ${found}`);
  };
  let at = 0;
  for (const { startS, endS, confidence } of content.events.toSorted((a, b) => a.startS - b.startS)) {
    const isLongEnough = Number(endS.toFixed(4)) > Number(startS.toFixed(4));
    if (!(startS >= 0 && endS <= durationS && isLongEnough))
      refuse(`a seizure within 0-${durationS} s that ends after it starts`, `${startS}-${endS} s`);
    if (startS < at)
      refuse('seizures that do not overlap', `one from ${startS} s while the one before lasts to ${at} s`);
    if (!(confidence >= 0 && confidence <= 1))
      refuse('a confidence from 0 to 1', `${confidence} at ${startS} s`);
    row(at, startS, 'bckg', 1);
    row(startS, endS, 'seiz', confidence);
    at = endS;
  }
  if (at < durationS) row(at, durationS, 'bckg', 1);
  const lines = [
    `# version = ${VERSION}`,
    `# bname = ${name}`,
    `# duration = ${durationS.toFixed(4)} secs`,
    ...(montageFile === undefined ? [] : [`# montage_file = ${montageFile}`]),
    '#',
    COLUMNS,
    ...rows,
  ];
  await writeAtomic(path, `${lines.join('\n')}\n`);
}
