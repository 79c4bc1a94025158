import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Console } from './console.ts';
import { LineGate, LineSplitter, parseLine } from './numbered-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-console-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('lines are numbered, written twice, and the last texts kept', () => {
  const path = join(folder, '0002.log');
  let output = '';
  using console = new Console(2, path, (text) => {
    output += text;
  });
  console.event({ event: 'started' });
  console.line('loss 0.5');
  expect(output).toBe('[2:1] ! {"event":"started"}\n[2:2] . loss 0.5\n');
  expect(readFileSync(path, 'utf8')).toBe(output);
  expect(console.last).toEqual(['loss 0.5']);
});

// /dev/full answers every write with ENOSPC, as a full volume does: full(4).
test('on a full volume every line still comes through, in order, and the reason is said once', () => {
  const output: string[] = [];
  using console = new Console(1, '/dev/full', (text) => output.push(text));
  for (const text of ['one', 'two', 'three']) console.line(text);
  const gate = new LineGate();
  const splitter = new LineSplitter();
  const passed = splitter.push(output.join('')).flatMap((text) => {
    const line = parseLine(text)!;
    const { isNew, missing } = gate.look(line);
    expect(missing).toEqual([]);
    gate.pass(line);
    return isNew ? [line.text] : [];
  });
  expect(passed).toEqual(['one', expect.stringMatching(/not kept with the run: ENOSPC/), 'two', 'three']);
});
