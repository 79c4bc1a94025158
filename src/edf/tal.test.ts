import { expect, test } from 'vitest';
import { parseTals } from './tal.ts';

/** `@` is 0x14, `#` 0x15, `_` 0x00. */
const bytes = (text: string) =>
  Buffer.from(text.replaceAll('@', '\x14').replaceAll('#', '\x15').replaceAll('_', '\0'));
const parse = (text: string, isTimeKeeper = true) => parseTals(bytes(text), isTimeKeeper, 'a.edf');

// The examples of the EDF+ specification, sections 2.2.2 and 2.2.4.
test.each([
  [
    'several texts in a list, and lists of one text',
    '+180@Lights off@Close door@_+180@Lights off@_+180@Close door@_',
    [
      { onsetS: 180, durationS: null, text: 'Lights off' },
      { onsetS: 180, durationS: null, text: 'Close door' },
      { onsetS: 180, durationS: null, text: 'Lights off' },
      { onsetS: 180, durationS: null, text: 'Close door' },
    ],
    null,
  ],
  [
    'time-keeping, and an apnea of 25.5 s',
    '+1800.2@@_+1800.2#25.5@Apnea@_',
    [{ onsetS: 1800.2, durationS: 25.5, text: 'Apnea' }],
    1800.2,
  ],
  [
    'a text in the time-keeping list itself, and one from before the start',
    '+567@@Recording starts@_-0.065@Pre-recording@____',
    [
      { onsetS: 567, durationS: null, text: 'Recording starts' },
      { onsetS: -0.065, durationS: null, text: 'Pre-recording' },
    ],
    567,
  ],
  ['an empty duration', '+1#@a@_', [{ onsetS: 1, durationS: null, text: 'a' }], null],
  ['texts in UTF-8', '+3@Anfälle – 発作@_', [{ onsetS: 3, durationS: null, text: 'Anfälle – 発作' }], null],
  [
    'a byte-order mark, which is text here',
    '+3@\ufeffa@_',
    [{ onsetS: 3, durationS: null, text: '\ufeffa' }],
    null,
  ],
  ['zeros only', '________', [], null],
  ['a full signal, without zeros at its end', '+2@@', [], 2],
])('%s', (_, text, annotations, recordStartS) => {
  expect(parse(text)).toEqual({ annotations, recordStartS, notUtf8: 0 });
});

test('only the first list of the first annotation signal keeps the time', () => {
  expect(parse('+5@@_', false).recordStartS).toBeNull();
  expect(parse('+5@note@_+6@@_').recordStartS).toBeNull();
  expect(parse('+5@@_+6@@_').recordStartS).toBe(5);
});

test('a text that is not UTF-8 is read as Latin-1, and counted', () => {
  expect(parseTals(Buffer.from('+1\x14Anf\xe4lle\x14\0', 'latin1'), true, 'a.edf')).toEqual({
    annotations: [{ onsetS: 1, durationS: null, text: 'Anfälle' }],
    recordStartS: null,
    notUtf8: 1,
  });
});

test.each([
  ['no end', '+0@@_+1@seizure', 'expected the annotation at byte 5 of its signal to end with 0x14 0x00'],
  ['an end that is cut', '+1@seizure_', 'expected the annotation at byte 0 of its signal to end'],
  ['no sign', '+0@@_1@a@_', "byte 5 of its signal, found '1'"],
  ['no onset', '@a@_', "found ''"],
  ['an exponent', '+1e3@a@_', "found '+1e3'"],
  ['a negative duration', '+1#-2@a@_', "found '+1?-2'"],
  ['two durations', '+1#2#3@a@_', "found '+1?2?3'"],
  ['an onset beyond numbers', `+${'9'.repeat(400)}@a@_`, "found '+9999"],
  ['a duration beyond numbers', `+1#${'9'.repeat(400)}@a@_`, "found '+1?9999"],
  ['a comma', '+1,5@a@_', "found '+1,5'"],
])('refuses %s: a seizure may be in it', (_, text, says) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({
      code: 'EDF_TAL',
      message: expect.stringMatching(/^a\.edf: expected .*get the file again\.$/),
    }),
  );
  expect(() => parse(text)).toThrow(says);
});
