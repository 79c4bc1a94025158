import { array, assert, integer, nat, property, string, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { LineGate, LineSplitter, lineText, type NumberedLine, parseLine } from './numbered-lines.ts';

test('a line is read as it was written; what no attendant wrote is no numbered line', () => {
  assert(
    property(
      integer({ min: 1, max: 999 }),
      integer({ min: 1 }),
      string({ unit: 'grapheme' }),
      (attempt, number, any) => {
        const text = any.replace(/[\r\n]/g, ' ');
        const line: NumberedLine = { attempt, number: number % 1e9, kind: 'text', text };
        expect(parseLine(lineText(line).slice(0, -1))).toEqual(line);
      },
    ),
  );
  expect(parseLine('[1:23] ! {"a":1}')).toEqual({ attempt: 1, number: 23, kind: 'event', text: '{"a":1}' });
  for (const line of ['', 'tar: error', '[1] . x', '[1:x] . x', '[1:2] x', '[1:2]. x'])
    expect(parseLine(line)).toBeNull();
});

test('however the text is cut into pieces, the lines are the same', () => {
  assert(
    property(array(string({ unit: 'grapheme' })), array(nat(5)), (lines, cuts) => {
      const clean = lines.map((line) => line.replace(/[\r\n]/g, ''));
      const whole = clean.map((line) => `${line}\n`).join('');
      const splitter = new LineSplitter();
      const found: string[] = [];
      let at = 0;
      for (const cut of cuts) {
        found.push(...splitter.push(whole.slice(at, at + cut)));
        at += cut;
      }
      found.push(...splitter.push(whole.slice(at)), ...splitter.end());
      expect(found).toEqual(clean);
    }),
  );
});

test('streams that break, start anew and skip give every line once and in order', () => {
  // Attempts of so many lines; each stream shows a stretch of all of them.
  const stretches = array(tuple(nat(40), nat(40)), { minLength: 1 });
  assert(
    property(
      array(integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      stretches,
      (sizes, streams) => {
        const all = sizes.flatMap((size, attempt) =>
        Array.from({ length: size }, (_, i): NumberedLine => ({ attempt: attempt + 1, number: i + 1, kind: 'text', text: '' })),
      ); // biome-ignore format: one expression
        const gate = new LineGate();
        const passed: NumberedLine[] = [];
        for (const [from, length] of [...streams, [0, all.length] as const])
          for (const line of all.slice(from, from + length)) {
            const { isNew, missing } = gate.look(line);
            if (!isNew) continue;
            for (const { attempt, from: first, to } of missing)
            passed.push(
              ...all.filter((each) => each.attempt === attempt && each.number >= first && each.number <= (to ?? Infinity)),
            ); // biome-ignore format: one expression
            gate.pass(line);
            passed.push(line);
          }
        expect(passed).toEqual(all);
      },
    ),
  );
});
