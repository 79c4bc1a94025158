import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cli-tune-'));
const data = fileURLToPath(new URL('../../data/sample/chb03', import.meta.url));
const written = catchWrites();
const run = join(folder, 'run');

/** Hardly trained: its probabilities lie around a half. */
beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  const root = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
  const smoke = root('configs/local/smoke.yaml');
  const cache = join(folder, 'cache');
  const built = ['--data-dir', root('data/sample/chb01'), '--cache-dir', cache, '--split', 'train'];
  expect(await runProgram(['build-cache', ...built, '--config', smoke])).toBe(0);
  const set = [
    `data.cache_dir=${cache}`,
    `experiment.output_dir=${run}`,
    'training.epochs=1',
    'data.max_samples=8',
    'postprocessing.hysteresis.min_onset_samples=1',
    'postprocessing.morphology.opening_kernel=1',
    'postprocessing.duration.min_duration_s=0',
  ];
  expect(await runProgram(['train', smoke, ...set.flatMap((field) => ['--set', field])])).toBe(0);
  vi.restoreAllMocks();
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('evaluate, tune, evaluate again: what was tuned on what is in text and JSON', async () => {
  expect(await runProgram(['evaluate', run, data])).toBe(0);
  expect(written.output).toMatch(/^.*run\/checkpoints\/best\.json on .*chb03\n\nfigure +value +95 %/);
  expect(written.output).toMatch(/\nrecordings +7 +- +1 patient, 0\.04 h, 7 seizures\n/);
  expect(written.output).toMatch(/\nevent_sensitivity_any_overlap +\d\.\d{4} +\d\.\d{4}-\d\.\d{4}\n/);
  expect(written.output).toMatch(/\nsensitivity_at_10fa +- +less than 24 h of seizure-free EEG\n/);
  expect(written.output).toMatch(/\nThresholds untuned: tau_on 0\.86, tau_off 0\.78 are the configuration's/);
  expect(written.output).toMatch(
    /; corrected for the share of seizure in training: Brier 0\.\d{4}, ECE 0\.\d{4}\./,
  );

  const tuned = join(folder, 'tuned.json');
  const tune = (...more: string[]) =>
    runProgram(['tune', run, data, '--fa-per-24h', '1e6', '--set-name', 'clips', '--output', tuned, ...more]);
  Object.assign(written, { output: '', errors: '' });
  expect(await tune('--json')).toBe(0);
  const report = JSON.parse(written.output);
  expect(report).toMatchObject({ format: 'bgb-tuning', output: tuned, thresholds: { state: 'tuned' } });
  expect(written.errors).toMatch(
    /Notice: clips has 0\.02 h without seizures: one false alarm is 617\.1 per 24 h/,
  );
  // Nothing is replaced.
  const before = readFileSync(tuned, 'utf8');
  Object.assign(written, { output: '', errors: '' });
  expect(await tune()).toBe(2);
  expect(written.errors).toMatch(/tuned\.json: expected a \.json file or a folder that is not there yet/);
  expect(readFileSync(tuned, 'utf8')).toBe(before);

  Object.assign(written, { output: '', errors: '' });
  expect(await runProgram(['evaluate', tuned, data, '--output', join(folder, 'out')])).toBe(0);
  expect(written.output).toMatch(/^.*tuned\.json on .*chb03 \(tuned on this set\)\n/);
  expect(written.output).toMatch(
    /\nThresholds tuned on clips \(7 recordings of 1 patient, .*; tuned on this set;/,
  );
  const document = JSON.parse(readFileSync(join(folder, 'out/evaluation.json'), 'utf8'));
  expect(document.thresholds.tau_on).toBe(report.thresholds.tau_on);
});

test.each([
  [['--fa-per-24h', 'ten'], /--fa-per-24h: expected a number above 0, such as 10, found 'ten'/],
  [['--fa-per-24h', '0'], /--fa-per-24h: expected a number above 0/],
  [[], /required option '--fa-per-24h <number>' not specified/],
])('tune %j: exit code 2 and one message', async (options, message) => {
  written.errors = '';
  expect(await runProgram(['tune', run, data, '--output', join(folder, 'none'), ...options])).toBe(2);
  expect(written.errors).toMatch(message);
});
