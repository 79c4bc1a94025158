import { InputError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import type { AnnotatedEvent, Annotation } from './annotation.ts';
import { knownLabel } from './labels.ts';
import { checkOrder, numberOf, readLines } from './text-lines.ts';

const COLUMNS = 'channel,start_time,stop_time,label,confidence';

/**
 * Reads TUSZ's `.csv_bi` (one term for all channels, seiz or bckg) or `.csv` (per channel, typed), version
 * csv_v1.0.0: comments `# duration = 301.00 secs` and the like, then the columns above.
 *
 * @throws InputError `ANNOTATION_READ`, `ANNOTATION_LINE`, `ANNOTATION_LABEL`, each with file and line
 */
export async function readTuszCsv(path: string): Promise<Annotation> {
  const lines = await readLines(path);
  const comments = lines.filter(({ text }) => text.startsWith('#'));
  const [header, ...rows] = lines.filter(({ text }) => !text.startsWith('#'));
  if (header === undefined || header.text.replaceAll(' ', '').toLowerCase() !== COLUMNS)
    throw new InputError(
      'ANNOTATION_LINE',
      `${header?.where ?? path}: expected the columns '${COLUMNS}', found '${header?.text.slice(0, 80) ?? 'nothing'}'.`,
    );
  return {
    format: path.endsWith('.csv_bi') ? 'tusz-csv_bi' : 'tusz-csv',
    path,
    durationS: durationOf(comments),
    events: rows.map(({ text, where }) => parseRow(text, where)),
    notices: [],
  };
}

function parseRow(text: string, where: string): AnnotatedEvent {
  const fields = text.split(',').map((field) => field.trim());
  if (fields.length !== 5)
    throw new InputError(
      'ANNOTATION_LINE',
      `${where}: expected 5 values (${COLUMNS}), found ${fields.length}: '${text}'.`,
    );
  const [channel, start, stop, label, confidence] = fields as [string, string, string, string, string];
  const startS = numberOf(start, 'a start time in seconds', where);
  const endS = numberOf(stop, 'a stop time in seconds', where);
  checkOrder(startS, endS, where);
  knownLabel(label, where);
  return {
    startS,
    endS,
    label,
    channels: channel === 'TERM' ? null : [channel],
    confidence: confidence === '' ? null : numberOf(confidence, 'a confidence from 0 to 1', where),
  };
}

function durationOf(comments: readonly { text: string; where: string }[]): number | null {
  for (const { text, where } of comments) {
    const match = /^#\s*duration\s*=\s*(.*?)\s*(secs?|s)?\s*$/.exec(text);
    if (match !== null) return numberOf(match[1]!, 'a duration in seconds', where);
  }
  return null;
}

/** Writes events that are seizures as `.csv_bi`, with background between them, atomically. */
export async function writeCsvBi(
  path: string,
  content: {
    name: string;
    durationS: number;
    events: readonly { startS: number; endS: number; confidence: number }[];
  },
): Promise<void> {
  const { name, durationS } = content;
  const events = content.events.toSorted((a, b) => a.startS - b.startS);
  const rows: [number, number, string, number][] = [];
  let at = 0;
  for (const { startS, endS, confidence } of events) {
    if (startS > at) rows.push([at, startS, 'bckg', 1]);
    rows.push([startS, endS, 'seiz', confidence]);
    at = endS;
  }
  if (at < durationS) rows.push([at, durationS, 'bckg', 1]);
  const lines = [
    '# version = csv_v1.0.0',
    `# bname = ${name}`,
    `# duration = ${durationS.toFixed(4)} secs`,
    '#',
    COLUMNS,
    ...rows.map(
      ([start, stop, label, confidence]) =>
        `TERM,${start.toFixed(4)},${stop.toFixed(4)},${label},${confidence.toFixed(4)}`,
    ),
  ];
  await writeAtomic(path, `${lines.join('\n')}\n`);
}
