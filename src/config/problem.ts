import { InputError } from '../errors.ts';

/** Where a value stands: in a file (line and column from 1), on the command line, in the environment. */
export interface Place {
  readonly source: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Dotted field; empty for the document as a whole. */
  readonly field: string;
  readonly place: Place;
  /** What was expected and what was found. */
  readonly text: string;
}

/** Every problem of a configuration, in the order in which they stand in the file. */
export class ConfigError extends InputError {
  readonly problems: readonly Problem[];

  /** @param path the configuration, as the user named it */
  constructor(path: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => order(a.place, b.place));
    const lines = sorted.map(problemText);
    super(
      'CONFIG',
      lines.length === 1 ? lines[0]! : `${lines.length} problems in ${path}:\n  ${lines.join('\n  ')}`,
    );
    this.problems = sorted;
  }
}

/** `train.yaml:3:5: data.stride: expected a number above 0, found text 'ten'.` */
export function problemText({ field, place, text }: Problem): string {
  return `${placeText(place)}: ${field === '' ? '' : `${field}: `}${text}`;
}

function placeText({ source, line, column }: Place): string {
  return line === null ? source : `${source}:${line}:${column}`;
}

/** By line and column; what stands in no file comes last, in the order of finding. */
function order(a: Place, b: Place): number {
  if (a.line === null || b.line === null) return Number(a.line === null) - Number(b.line === null);
  return a.line - b.line || a.column! - b.column!;
}
