import { type Child, element, type Markup } from './markup.ts';

export interface Column {
  readonly heading: string;
  readonly isNumber?: boolean;
}

/** Rows that are shown at most. */
const MOST_ROWS = 200;

/** A table of HTML; null is shown as a dash. Further rows are counted, with where they are. */
export function htmlTable(
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
  rest = 'evaluation.json has them all',
): Markup {
  const kindOf = (index: number) => (columns[index]!.isNumber ? 'number' : 'text');
  const more = rows.length - MOST_ROWS;
  return element(
    'div',
    {},
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...columns.map(({ heading }, index) =>
            element('th', { class: kindOf(index), scope: 'col' }, heading),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        ...rows
          .slice(0, MOST_ROWS)
          .map((row) =>
            element(
              'tr',
              {},
              ...row.map((cell, index) => element('td', { class: kindOf(index) }, cell ?? '–')),
            ),
          ),
      ),
    ),
    more > 0 ? element('p', { class: 'quiet' }, `And ${more} more; ${rest}.`) : null,
  );
}
