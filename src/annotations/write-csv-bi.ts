import { writeAtomic } from '../files/index.ts';
import { type AnnotationContent, eventsToWrite } from './annotation-content.ts';
import { COLUMNS, VERSION } from './tusz-csv.ts';

export interface CsvBiContent extends AnnotationContent {
  /** Name of a montage file, for tools that look for the line. */
  readonly montageFile?: string;
}

const DECIMALS = 4;

/**
 * Writes seizures as TUSZ's `.csv_bi`, with background between them, times to 0.1 ms, atomically.
 *
 * @throws BgbError `ANNOTATION_WRITE` for events that overlap, are outside the recording or shorter than 0.1 ms
 */
export async function writeCsvBi(path: string, content: CsvBiContent): Promise<void> {
  const { name, durationS, montageFile } = content;
  const rows: string[] = [];
  const row = (startS: number, endS: number, label: string, confidence: number) => {
    const [start, stop] = [startS.toFixed(DECIMALS), endS.toFixed(DECIMALS)];
    if (start !== stop) rows.push(`TERM,${start},${stop},${label},${confidence.toFixed(DECIMALS)}`);
  };
  let at = 0;
  for (const { startS, endS, confidence } of eventsToWrite(path, content, DECIMALS)) {
    row(at, startS, 'bckg', 1);
    row(startS, endS, 'seiz', confidence);
    at = endS;
  }
  row(at, durationS, 'bckg', 1);
  if (rows.length === 0) rows.push('TERM,0.0000,0.0000,bckg,1.0000');
  const lines = [
    `# version = ${VERSION}`,
    `# bname = ${name}`,
    `# duration = ${durationS.toFixed(DECIMALS)} secs`,
    ...(montageFile === undefined ? [] : [`# montage_file = ${montageFile}`]),
    '#',
    COLUMNS,
    ...rows,
  ];
  await writeAtomic(path, `${lines.join('\n')}\n`);
}
