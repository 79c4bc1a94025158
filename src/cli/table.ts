/** A column: its heading, and on which side its cells line up. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
}

/**
 * Rows as aligned text, two spaces between columns, a line under the headings; null is a dash.
 *
 * ```
 * fold   AUROC
 * -----  -----
 * chb01  0.912
 * ```
 */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const cells = rows.map((row) => columns.map((_, index) => String(row[index] ?? '-')));
  const widths = columns.map(({ heading }, index) =>
    Math.max(widthOf(heading), ...cells.map((row) => widthOf(row[index]!))),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => padded(text, widths[index]!, columns[index]!.align ?? 'left'))
      .join('  ')
      .trimEnd();
  const headings = columns.map(({ heading }) => heading);
  const rule = widths.map((width) => '-'.repeat(width));
  return [headings, rule, ...cells].map((texts) => `${line(texts)}\n`).join('');
}

function padded(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(width - widthOf(text));
  return align === 'left' ? text + space : space + text;
}

/** In code points: names of recordings and patients are not always ASCII. */
function widthOf(text: string): number {
  return [...text].length;
}
