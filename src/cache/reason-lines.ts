import { counted } from '../words.ts';

const MOST_LINES = 10;

/** Why recordings cannot be used, a line a reason: a whole corpus of a wrong montage is one line. `reason` names its recording. */
export function reasonLines(reasons: readonly { name: string; reason: string }[]): string[] {
  const alike = Map.groupBy(reasons, ({ name, reason }) => reason.split(name).at(-1)!);
  const lines = [...alike.values()].map(([first, ...others]) =>
    others.length === 0
      ? first!.reason
      : `${first!.reason.replace(/[.]?$/, '.')} The same of ${counted(others.length, 'other')}.`,
  );
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES), `and ${counted(lines.length - MOST_LINES, 'other reason')}`];
}
