import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-runs-'));
const written = catchWrites();

const step = (at: number) =>
  `${JSON.stringify({ seq: at, at: '2025-01-01T00:00:09Z', kind: 'step', step: at, loss: 0.5, learning_rate: 0.1, windows_per_s: 16, waiting_share: 0.5, gpu_utilisation: null })}\n`;

/** A run folder as it would be copied from elsewhere: files alone. */
function writeRun(name: string, day: number, files: Record<string, unknown>): void {
  const run = { format: 'bgb-run', version: 1, id: 'x', created_at: `2025-01-0${day}T00:00:00Z`, data: {} };
  mkdirSync(join(folder, name, 'checkpoints'), { recursive: true });
  for (const [file, content] of Object.entries({ 'run.json': run, ...files }))
    writeFileSync(join(folder, name, file), typeof content === 'string' ? content : JSON.stringify(content));
}

beforeAll(() => {
  const config = 'training: {epochs: 2, batch_size: 4, gradient_accumulation_steps: 1, early_stopping: null}';
  const dataSet =
    '{"seq":0,"at":"2025-01-01T00:00:00Z","kind":"data_set","step":0,"partial_seizure":12,"no_seizure":8}\n';
  const state = { loop: { progress: { best: null }, metrics: { auroc: 0.75 } } };
  writeRun('finished', 1, {
    'config.yaml': config,
    'events.jsonl': dataSet + Array.from({ length: 10 }, (_, at) => step(at + 1)).join(''),
    'checkpoints/last.json': { state },
    'done.json': { finished_at: '2025-01-01T01:00:00Z', summary: {} },
  });
  writeRun('cloud/copied', 2, {
    'config.yaml': config,
    'events.jsonl': dataSet + step(1),
    'remote.json': { where: 'cloud' },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

test('runs as a table: state, steps, metric, speed; where they ran, if not here', async () => {
  expect(await runProgram(['runs', folder])).toBe(0);
  // 20 windows in steps of 4, twice.
  expect(written.output).toBe(
    [
      'run           state     steps   done   auroc  win/s   waits  where',
      '------------  --------  -----  -----  ------  -----  ------  -----',
      'cloud/copied  unknown    1/10   10 %       -   16.0  50.0 %  cloud',
      'finished      finished  10/10  100 %  0.7500   16.0  50.0 %  here',
      '',
    ].join('\n'),
  );
  expect(written.errors).toBe('');
});

test('attach shows a log of elsewhere without what would move the cursor', async () => {
  const log = join(folder, 'finished/run.log');
  writeFileSync(log, '2025-01-01T00:00:09.123Z INFO     \x1b[2J\x1b[31mred\x07 line\n');
  expect(await runProgram(['attach', join(folder, 'finished')])).toBe(0);
  expect(written.errors.split('\n')[0]).toBe('00:00:09 INFO     red  line');
  rmSync(log);
});

test('runs as a document', async () => {
  expect(await runProgram(['runs', folder, '--json'])).toBe(0);
  const { runs, damaged } = JSON.parse(written.output);
  expect(damaged).toEqual([]);
  expect(runs[1]).toEqual({
    name: 'finished',
    folder: join(folder, 'finished'),
    state: 'finished',
    reason: null,
    created_at: '2025-01-01T00:00:00Z',
    last_at: '2025-01-01T00:00:09Z',
    step: 10,
    steps: 10,
    epoch: 2,
    epochs: 2,
    metric: { name: 'auroc', value: 0.75, is_best: false },
    loss: 0.5,
    learning_rate: 0.1,
    windows_per_s: 16,
    waiting_share: 0.5,
    gpu_utilisation: null,
    gpu_memory_bytes: null,
    activity: null,
    pid: null,
    remote: null,
  });
});

test('a run that cannot be read is told apart; where there is none, that is said', async () => {
  writeRun('broken', 3, { 'run.json': '{' });
  expect(await runProgram(['runs', folder])).toBe(0);
  expect(written.errors).toMatch(/^Not listed: .*broken\/run\.json is not as bgb writes it/);
  rmSync(join(folder, 'broken'), { recursive: true });
  mkdirSync(join(folder, 'empty'));
  expect(await runProgram(['runs', join(folder, 'empty')])).toBe(0);
  expect(written.output).toContain('No runs in ');
  expect(await runProgram(['runs', join(folder, 'nowhere')])).toBe(2);
});

test('watch of a run that has ended: one document, its exit code', async () => {
  expect(await runProgram(['watch', 'finished', '--in', folder, '--json'])).toBe(0);
  expect(JSON.parse(written.output)).toMatchObject({ state: 'finished', step: 10, seconds_left: null });
  expect(await runProgram(['watch', 'nothing', '--in', folder])).toBe(2);
  expect(written.errors).toMatch(/nothing is no run: .* Runs in .*: copied, finished\./);
  expect(await runProgram(['watch', 'finished', '--in', folder, '--interval', '0'])).toBe(2);
});

test('watch in a real terminal of 80 columns: curves on a screen of their own, which is left behind', () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const line = `stty cols 80 rows 24; ${process.execPath} ${main} watch finished --in ${folder}`;
  const env = { ...process.env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' };
  const shown = execFileSync('script', ['-qefc', line, '/dev/null'], { env, encoding: 'utf8' });
  const [before, rest] = shown.split('\x1b[?1049h');
  const [screen, after] = rest!.split('\x1b[?1049l');
  expect(before).toBe('');
  expect(screen!.startsWith('\x1b[?25l\x1b[H') && screen!.endsWith('\x1b[?25h')).toBe(true);
  for (const text of [screen!, after!]) {
    const lines = stripVTControlCharacters(text).replaceAll('\r', '').trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual(['finished  finished', `${'#'.repeat(40)}  10/10  100 %`]);
    expect(lines.some((each) => /┤ *[\u2801-\u28ff]+$/.test(each))).toBe(true);
    for (const each of lines) expect([...each].length).toBeLessThan(80);
  }
  expect(after).toMatch(/finished has finished at step 10\. Last auroc 0\.7500\.\r\n$/);
});
