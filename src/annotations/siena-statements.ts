import { clockTimes } from './clock-time.ts';
import { printable, readLines, singleSpaced } from './text-lines.ts';

/** A time as it stands in a list, still text. */
export interface ListedTime {
  readonly text: string;
  readonly where: string;
}

export interface ListedSeizure {
  readonly start: ListedTime;
  readonly end: ListedTime;
}

/** What a list says of one file, from all of its blocks. */
export interface SienaFile {
  /** null: seizures before any file name */
  readonly name: string | null;
  readonly where: string;
  readonly registrationStart: ListedTime | null;
  readonly registrationEnd: ListedTime | null;
  readonly seizures: readonly ListedSeizure[];
  /** What cannot be understood. */
  readonly problems: readonly { readonly where: string; readonly message: string }[];
}

interface OpenFile {
  name: string | null;
  where: string;
  registrationStart: ListedTime | null;
  registrationEnd: ListedTime | null;
  seizures: ListedSeizure[];
  problems: { where: string; message: string }[];
}

/** A heading of a seizure, until its times have come. */
interface Heading {
  readonly where: string;
  readonly text: string;
}

/**
 * Reads a Siena list line by line. The 14 published ones differ: `Seizure n 1`, `Seizure n 1 (in sleep):`; `Seizure
 * start time:` or `Start time:`; the file before the heading or behind it, once for several seizures, with or without
 * its registration times.
 *
 * @throws InputError `ANNOTATION_READ`
 */
export async function parseSienaList(path: string): Promise<SienaFile[]> {
  const files = new Map<string | null, OpenFile>();
  const fileOf = (name: string | null, where: string): OpenFile => {
    const known = files.get(name);
    if (known !== undefined) return known;
    const file: OpenFile = {
      name,
      where,
      registrationStart: null,
      registrationEnd: null,
      seizures: [],
      problems: [],
    };
    files.set(name, file);
    return file;
  };
  let file: OpenFile | null = null;
  let heading: Heading | null = null;
  let start: ListedTime | null = null;
  const finish = (where: string) => {
    const problem = (found: { where: string; message: string }) =>
      (file ?? fileOf(null, where)).problems.push(found);
    if (start !== null)
      problem({
        where: start.where,
        message: 'expected the end of the seizure that starts here, found none. Add its line.',
      });
    else if (heading !== null)
      problem({
        where: heading.where,
        message: `expected start and end of '${printable(heading.text)}', found none. Add their lines.`,
      });
    heading = null;
    start = null;
  };
  let lastWhere = path;
  for (const { text, where } of await readLines(path, 'latin1')) {
    lastWhere = where;
    const statement = statementOf(singleSpaced(text));
    if (statement === null) continue;
    const { kind, value } = statement;
    if (kind === 'heading') {
      finish(where);
      heading = { where, text: singleSpaced(text) };
      continue;
    }
    if (kind === 'file') {
      if (start !== null) finish(where);
      file = fileOf(value === '' ? null : value, where);
      continue;
    }
    const time = { text: value, where };
    const current: OpenFile = file ?? fileOf(null, where);
    if (kind === 'registration start') {
      const known = current.registrationStart;
      if (known !== null && clockTimes(known.text)[0] !== clockTimes(value)[0])
        current.problems.push({
          where,
          message: `expected the registration start of the block before, '${printable(known.text)}', found '${printable(value)}'. Correct one of them.`,
        });
      current.registrationStart = known ?? time;
    } else if (kind === 'registration end') current.registrationEnd ??= time;
    else if (kind === 'start') {
      if (start !== null) finish(where);
      start = time;
    } else if (kind === 'end') {
      if (start === null)
        current.problems.push({
          where,
          message: 'expected a start time before this end time, found none. Add its line.',
        });
      else current.seizures.push({ start, end: time });
      start = null;
      heading = null;
    } else
      current.problems.push({
        where,
        message: `expected 'Seizure start time: 19.58.36' or the like, found '${printable(text)}'. Correct the line.`,
      });
  }
  finish(lastWhere);
  // Lists have files with seizures only: one without is not seizure-free but not understood (failures A5).
  for (const { name, where, seizures, problems } of files.values())
    if (name !== null && seizures.length === 0 && problems.length === 0)
      problems.push({
        where,
        message: `expected seizures of '${printable(name)}', found none. Add their lines, or remove this one.`,
      });
  return [...files.values()];
}

type Kind = 'heading' | 'file' | 'registration start' | 'registration end' | 'start' | 'end' | 'unknown';

const FORMS: readonly [RegExp, Kind][] = [
  [/^file\s*name\s*[:;.]?(.*)$/i, 'file'],
  [/^registration\s*start\s*(?:time)?\s*[:;.]?(.*)$/i, 'registration start'],
  [/^registration\s*end\s*(?:time)?\s*[:;.]?(.*)$/i, 'registration end'],
  [/^(?:seizure\s*(?:n?\s*\d+\s*)?)?start\s*(?:time)?\s*[:;.]?(.*)$/i, 'start'],
  [/^(?:seizure\s*(?:n?\s*\d+\s*)?)?end\s*(?:time)?\s*[:;.]?(.*)$/i, 'end'],
  [/^seizure\s*n[^\d]{0,3}\d+\s*(?:\([^)]*\))?\s*:?()$/i, 'heading'],
];

/** null for a line that speaks of something else, such as channels. */
function statementOf(text: string): { kind: Kind; value: string } | null {
  for (const [form, kind] of FORMS) {
    const match = form.exec(text);
    if (match !== null) return { kind, value: match[1]!.trim() };
  }
  // A changed wording must not turn a seizure into background (failures A2).
  const isOfTimes = /seizure|registration/i.test(text) && /start|end|time/i.test(text);
  return isOfTimes || /\d ?[.:] ?\d\d ?[.:] ?\d\d/.test(text) ? { kind: 'unknown', value: text } : null;
}
