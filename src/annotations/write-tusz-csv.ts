import { BgbError } from '../errors.ts';
import { writeAtomic } from '../files/index.ts';
import { COLUMNS, VERSION } from './tusz-csv.ts';

export interface TuszCsvContent {
  /** Name of the recording, without folder and extension. */
  readonly name: string;
  readonly durationS: number;
  /** In the order in which they are written, each with what is in it: events that do not overlap, in time. */
  readonly channels: readonly {
    readonly channel: string;
    readonly events: readonly { readonly startS: number; readonly endS: number; readonly label: string }[];
  }[];
}

/**
 * Writes TUSZ's `.csv`: typed seizures of each channel, with background between them, times to 0.1 ms, atomically.
 *
 * @throws BgbError `ANNOTATION_WRITE` for events that overlap, or are not within the recording
 */
export async function writeTuszCsv(
  path: string,
  { name, durationS, channels }: TuszCsvContent,
): Promise<void> {
  const rows = channels.flatMap(({ channel, events }) => {
    const lines: string[] = [];
    const row = (startS: number, endS: number, label: string) => {
      const [start, stop] = [startS.toFixed(4), endS.toFixed(4)];
      if (start !== stop) lines.push(`${channel},${start},${stop},${label},1.0000`);
    };
    let at = 0;
    for (const { startS, endS, label } of events) {
      if (!(startS >= at && endS > startS && endS <= durationS))
        throw new BgbError(
          'ANNOTATION_WRITE',
          `${path}: expected events of ${channel} in time, within ${at}-${durationS} s, found ${startS}-${endS} s`,
        );
      row(at, startS, 'bckg');
      row(startS, endS, label);
      at = endS;
    }
    row(at, durationS, 'bckg');
    return lines;
  });
  const lines = [
    `# version = ${VERSION}`,
    `# bname = ${name}`,
    `# duration = ${durationS.toFixed(4)} secs`,
    '#',
    COLUMNS,
    ...rows,
  ];
  await writeAtomic(path, `${lines.join('\n')}\n`);
}
