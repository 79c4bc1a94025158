import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunCurves, type RunState, type RunStatus, type WatchedRun } from '../runs/index.ts';
import { exitCodeOfRun } from './run-texts.ts';
import { TerminalScreen } from './terminal-screen.ts';
import { plainLine, screenLines } from './watch-screen.ts';

const AT = Date.UTC(2025, 0, 1, 12);
const iso = (second: number) => new Date(AT + 1000 * second).toISOString();

/** A run of 640 steps that has done so many, a step every two seconds. */
function watched(steps: number, changes: Partial<RunStatus> = {}): WatchedRun {
  const curves = new RunCurves();
  for (let step = 1; step <= steps; step++) {
    const fields = { loss: 0.7 / step, learning_rate: 3e-4, windows_per_s: 812, waiting_share: 0.003 };
    const gpu = { gpu_utilisation: 0.97, gpu_memory_bytes: 61.2 * 2 ** 30 };
    curves.add({ seq: step, at: iso(2 * step), kind: 'step', step, ...fields, ...gpu });
    if (step % 64 === 0)
      curves.add({ seq: 0, at: iso(2 * step), kind: 'epoch', step, auroc: 0.5 + step / 2000 });
  }
  const status: RunStatus = {
    folder: 'results/a-run',
    name: 'a-run',
    state: 'running',
    reason: null,
    createdAt: iso(0),
    lastAt: iso(2 * steps),
    step: steps,
    steps: 640,
    epoch: Math.floor(steps / 64),
    epochs: 10,
    metric: { name: 'auroc', value: 0.9, isBest: true },
    recent: curves.recent,
    activity: null,
    process: null,
    remote: null,
    ...changes,
  };
  return { status, curves };
}

test('80 columns by 24 lines: state, progress, figures, two curves', () => {
  const lines = screenLines(watched(320), new Date(AT + 640_000), {
    columns: 80,
    rows: 24,
    drawing: 'braille',
  });
  expect(lines.slice(0, 5)).toEqual([
    'a-run  running  since 10:40',
    '####################....................  320/640  50 %  10:40 left',
    'epoch 6/10  loss 0.0022  lr 3.0e-4  812 windows/s  waiting 0.3 %',
    'GPU 97 %, 61.2 GiB',
    '',
  ]);
  expect(lines).toContain('auroc on dev: last 0.6600, best 0.9000');
  expect(lines.at(-1)).toBe(`${' '.repeat(12)}0${'step 640'.padStart(66)}`);
  expect(lines.length).toBeLessThan(24);
  for (const line of lines) expect([...line].length).toBeLessThan(80);
  // Half of the steps: half of the width is drawn on.
  const widest = Math.max(...lines.filter((line) => line.includes('┤')).map((line) => [...line].length));
  expect(widest).toBeGreaterThan(40);
  expect(widest).toBeLessThanOrEqual(12 + 34 + 1);
});

test('a run from which nothing comes says so; one that has ended tells no time left', () => {
  const quiet = screenLines(watched(10), new Date(AT + 80_000), {
    columns: 80,
    rows: 24,
    drawing: 'braille',
  });
  expect(quiet[0]).toBe('a-run  running  since 1:20  last line 1:00 ago');
  const evaluating = watched(10, { activity: 'evaluating' });
  const size = { columns: 80, rows: 24, drawing: 'braille' } as const;
  expect(screenLines(evaluating, new Date(AT + 80_000), size)[0]).toBe(
    'a-run  running  since 1:20  evaluating for 1:00',
  );
  expect(plainLine(evaluating, new Date(AT + 80_000))).toContain('  evaluating for 1:00');
  const ended = screenLines(watched(10, { state: 'stopped', reason: 'SIGTERM' }), new Date(AT), {
    columns: 80,
    rows: 24,
    drawing: 'braille',
  });
  expect(ended[0]).toBe('a-run  stopped (SIGTERM)');
  expect(ended[1]).not.toContain('left');
});

test('any terminal: nothing wraps, nothing scrolls', () => {
  const size = fc.record({
    columns: fc.integer({ min: 1, max: 200 }),
    rows: fc.integer({ min: 1, max: 60 }),
  });
  const status = fc.record({
    name: fc.string({ maxLength: 100 }),
    steps: fc.constantFrom(null, 640),
    remote: fc.constantFrom(null, 'cloud'),
    metric: fc.constantFrom(null, { name: 'sensitivity_at_2.5fa', value: null, isBest: true }),
  });
  fc.assert(
    fc.property(size, fc.integer({ min: 0, max: 70 }), status, ({ columns, rows }, steps, changes) => {
      const lines = screenLines(watched(steps, changes), new Date(AT), { columns, rows, drawing: 'braille' });
      expect(lines.length).toBeLessThan(rows);
      for (const line of lines) expect([...line].length).toBeLessThan(columns);
    }),
    { numRuns: 50 },
  );
});

test('a line of a log', () => {
  expect(plainLine(watched(320), new Date(AT))).toBe(
    '12:00:00  running  320/640  50 %  epoch 6/10  loss 0.0022  lr 3.0e-4  812 windows/s  waiting 0.3 %  GPU 97 %, 61.2 GiB  auroc 0.6600  10:40 left',
  );
});

test.each([
  ['finished', null, 0],
  ['stopped', 'SIGINT', 130],
  ['stopped', 'SIGTERM', 143],
  ['stopped', 'SIGHUP', 129],
  ['failed', 'loss', 1],
  ['killed', null, 137],
  ['unknown', null, 1],
] as [RunState, string | null, number][])(
  'who waited for a run that has %s (%s) ends with %i',
  (state, reason, code) => {
    expect(exitCodeOfRun({ state, reason })).toBe(code);
  },
);

test('a screen gives the terminal back, with what was drawn last', () => {
  let written = '';
  const screen = new TerminalScreen({ columns: 20, rows: 3, write: (text) => (written += text) });
  screen.draw(({ columns, rows }) => [`${columns} x ${rows}`]);
  screen.draw(() => ['second']);
  expect(written).toBe('\x1b[?1049h\x1b[?25l\x1b[H20 x 3\x1b[K\n\x1b[J\x1b[Hsecond\x1b[K\n\x1b[J');
  written = '';
  screen.leave();
  screen[Symbol.dispose]();
  expect(written).toBe('\x1b[?25h\x1b[?1049lsecond\n');
});
