import { expect, test } from 'vitest';
import { parseStart, shiftedStart } from './start.ts';

test.each([
  // EDF+ specification, section 2.1.3.2: 1985 is the clipping date.
  ['01.01.85', '00.00.00', '1985-01-01T00:00:00', false],
  ['31.12.84', '23.59.59', '2084-12-31T23:59:59', false],
  ['29.02.00', '12.00.00', '2000-02-29T12:00:00', false],
  ['29.02.01', '12.00.00', null, false],
  ['12.31.99', '12.00.00', null, false],
  ['01.01.85', '24.00.00', null, false],
  ['01:01:85', '12:00:00', '1985-01-01T12:00:00', true],
  ['1/ 2/85', '1-02-03', '1985-02-01T01:02:03', true],
  ['01.01.yy', '12.00.00', null, false],
  ['', '', null, false],
])("'%s' '%s' is %s", (date, time, startedAt, hasOddForm) => {
  expect(parseStart(date, time)).toEqual({ startedAt, hasOddForm });
});

test.each([
  [0, '1999-12-31T23:59:59'],
  [0.25, '1999-12-31T23:59:59.25'],
  [1, '2000-01-01T00:00:00'],
  [1.9999999, '2000-01-01T00:00:01'],
  [-0.5, '1999-12-31T23:59:58.5'],
  [1e12, null],
  [-1e12, null],
  [1e20, null],
])('%d s later', (seconds, expected) => {
  expect(shiftedStart('1999-12-31T23:59:59', seconds)).toBe(expected);
  expect(shiftedStart(null, seconds)).toBeNull();
});
