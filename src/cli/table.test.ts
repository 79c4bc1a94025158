import { expect, test } from 'vitest';
import { textTable } from './table.ts';

test('columns line up, on the side asked for', () => {
  const columns = [
    { heading: 'patient' },
    { heading: 'AUROC', align: 'right' as const },
    { heading: 'note' },
  ];
  const rows = [
    ['chb01', 0.9, null],
    ['Zoë', '0.125', 'frei'],
  ];
  expect(textTable(columns, rows)).toBe(
    ['patient  AUROC  note', '-------  -----  ----', 'chb01      0.9  -', 'Zoë      0.125  frei', ''].join(
      '\n',
    ),
  );
});

test('without rows the headings stand', () => {
  expect(textTable([{ heading: 'a' }], [])).toBe('a\n-\n');
});
