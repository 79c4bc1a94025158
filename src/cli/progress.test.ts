import { expect, test } from 'vitest';
import { durationText, Progress } from './progress.ts';

function start(given: {
  isTTY?: boolean;
  isPlain?: boolean;
  columns?: number;
  done?: number;
  total?: number;
}) {
  let nowMs = 1_000_000;
  const written: string[] = [];
  const { isTTY = false, isPlain = false, columns, done = 0, total = 40 } = given;
  const progress = new Progress({
    label: 'Building cache',
    total,
    unit: 'recordings',
    done,
    stream: { isTTY, columns, write: (text) => written.push(text) },
    isPlain,
    intervalS: 30,
    now: () => nowMs,
  });
  const after = (seconds: number, update: number, note?: string) => {
    nowMs += seconds * 1000;
    progress.update(update, note);
  };
  return { progress, written, after };
}

test('H10: without a terminal, whole lines, one an interval and one at the end', () => {
  const { progress, written, after } = start({});
  for (let second = 1; second <= 70; second++) after(1, Math.floor(second / 2), 'a.edf');
  progress[Symbol.dispose]();
  expect(written).toEqual([
    'Building cache  0/40 recordings\n',
    'Building cache  15/40 recordings  2.0 s each  0:50 left  a.edf\n',
    'Building cache  30/40 recordings  2.0 s each  0:20 left  a.edf\n',
    'Building cache  35/40 recordings  2.0 s each  0:10 left  a.edf\n',
  ]);
  for (const control of ['\r', '\x1b']) expect(written.join('')).not.toContain(control);
});

test('H10: BGB_DISABLE_TQDM gives lines on a terminal too', () => {
  const { written } = start({ isTTY: true, isPlain: true });
  expect(written).toEqual(['Building cache  0/40 recordings\n']);
});

test('on a terminal a bar is redrawn in place, at most ten times a second, never wider than the screen', () => {
  const { progress, written, after } = start({ isTTY: true, columns: 60 });
  for (let tick = 1; tick <= 100; tick++) after(0.01, tick / 5);
  expect(written.length).toBeLessThanOrEqual(11);
  expect(written.at(-1)).toBe('\r\x1b[2KBuilding cache  ############............  20/40 recordings ');
  expect(written.at(-1)!.replace('\r\x1b[2K', '')).toHaveLength(59);
  after(1, 40);
  progress[Symbol.dispose]();
  expect(written.at(-1)).toBe('\n');
});

test('on a narrow terminal the bar gives way to the count', () => {
  const last = (columns: number) => {
    const { written, after } = start({ isTTY: true, columns, total: 2400 });
    after(10, 204);
    return written.at(-1)!.replace('\r\x1b[2K', '');
  };
  expect(last(40)).toBe('Building cache  ..  204/2400 recordings');
  expect(last(36)).toBe('Building cache  204/2400 recordings');
});

test('what was done before says nothing about the rate', () => {
  const { written, after } = start({ done: 30 });
  after(30, 33);
  expect(written.at(-1)).toBe('Building cache  33/40 recordings  10.0 s each  1:10 left\n');
});

test('a message stands above the bar', () => {
  const { progress, written } = start({ isTTY: true });
  progress.print('one warning');
  expect(written[1]).toBe('\r\x1b[2Kone warning\n');
  expect(written[2]).toContain('Building cache');
});

test('nothing to do is done', () => {
  const { progress, written } = start({ total: 0 });
  progress[Symbol.dispose]();
  expect(written).toEqual(['Building cache  0/0 recordings  in 0:00\n']);
});

test('ending twice ends once', () => {
  const { progress, written } = start({ isTTY: true });
  progress[Symbol.dispose]();
  progress[Symbol.dispose]();
  expect(written.filter((text) => text === '\n')).toHaveLength(1);
});

test.each([
  [0.4, '0:00'],
  [9, '0:09'],
  [59.6, '1:00'],
  [750, '12:30'],
  [11_100, '3:05:00'],
])('%d s is %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
