import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cli-stream-'));
afterAll(() => rmSync(folder, { recursive: true }));
const root = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const main = root('src/cli/main.ts');
const bytes = readFileSync(root('data/sample/chb01/chb01_04_clip.edf'));
const written = catchWrites();
const checkpoint = join(folder, 'run');

/** Hardly trained; so low that whatever is recorded is a seizure. */
beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  const smoke = root('configs/local/smoke.yaml');
  const cache = join(folder, 'cache');
  const causal = ['--set', 'preprocessing.normalize=running'];
  const data = ['--data-dir', root('data/sample/chb01'), '--cache-dir', cache, '--split', 'train'];
  expect(await runProgram(['build-cache', ...data, '--config', smoke, ...causal])).toBe(0);
  const set = [
    `data.cache_dir=${cache}`,
    `experiment.output_dir=${checkpoint}`,
    'training.epochs=1',
    'data.max_samples=8',
    'postprocessing.hysteresis.tau_on=1e-6',
    'postprocessing.hysteresis.tau_off=1e-7',
  ];
  expect(await runProgram(['train', smoke, ...causal, ...set.flatMap((field) => ['--set', field])])).toBe(0);
  vi.restoreAllMocks();
}, 300_000);

interface Child {
  readonly process: ReturnType<typeof spawn>;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Of its standard output so far. */
  readonly seen: (text: string) => Promise<void>;
}

function bgb(parameters: readonly string[]): Child {
  const child = spawn(process.execPath, [main, 'stream', ...parameters], { cwd: folder });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined);
  return {
    process: child,
    ended: new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr }))),
    seen: async (text) => {
      while (!stdout.includes(text) && child.exitCode === null)
        await new Promise((done) => setTimeout(done, 20));
    },
  };
}

test('a recording on standard input: JSON lines there, the summary on standard error', async () => {
  const { process: child, ended } = bgb([checkpoint, '--early']);
  child.stdin!.end(bytes);
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  expect(lines.map(({ type }) => type)).toEqual(['start', ...Array(17).fill('provisional'), 'event', 'end']);
  expect(stderr).toMatch(
    /^37\.0 s of EEG, 1 seizure; .* times real time; a window takes .* ms, at most .*\n$/,
  );
});

test('Ctrl-C while it waits: the last line, exit code 130', async () => {
  const { process: child, ended, seen } = bgb([checkpoint, '--early']);
  child.stdin!.write(bytes.subarray(0, 200_000));
  await seen('provisional');
  child.kill('SIGINT');
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(130);
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
    type: 'end',
    outcome: 'interrupted',
  });
  expect(stderr).toContain('those that were still open are not among them');
});

test('a reader that goes away ends it quietly', async () => {
  const { process: child, ended, seen } = bgb([checkpoint, '--early']);
  child.stdin!.write(bytes.subarray(0, 200_000));
  await seen('provisional');
  child.stdout!.destroy();
  child.stdin!.write(bytes.subarray(200_000));
  const { code, stderr } = await ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each([
  [['--edf', 'missing.edf'], 'Cannot read missing.edf'],
  [['--follow'], '--follow needs --edf'],
  [['--channels', 'Cz'], 'both --channels and --sample-rate'],
  [['--edf', 'x.edf', '--channels', 'Cz'], 'a recording names its channels itself'],
  [['--idle-timeout', 'soon'], 'Expected a number of seconds'],
])('%j: exit code 2, nothing on standard output', async (parameters, message) => {
  expect(await runProgram(['stream', checkpoint, ...parameters])).toBe(2);
  expect(written.output).toBe('');
  expect(written.errors).toContain(message);
});
