import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram } from './program.ts';
import { catchWrites } from './testing/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-cli-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true }));
const checkpoint = join(folder, 'run');
const cache = join(folder, 'cache');
const written = catchWrites();

/** Hardly trained, and so low that whatever is recorded is a seizure. */
beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  const root = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
  const smoke = root('configs/local/smoke.yaml');
  const data = ['--data-dir', root('data/sample/chb01'), '--cache-dir', cache, '--split', 'train'];
  expect(await runProgram(['build-cache', ...data, '--config', smoke])).toBe(0);
  const set = [
    `data.cache_dir=${cache}`,
    `experiment.output_dir=${checkpoint}`,
    'training.epochs=1',
    'data.max_samples=8',
    'postprocessing.hysteresis.tau_on=1e-6',
    'postprocessing.hysteresis.tau_off=1e-7',
  ];
  expect(await runProgram(['train', smoke, ...set.flatMap((field) => ['--set', field])])).toBe(0);
  vi.restoreAllMocks();
}, 300_000);

test('--output: a page that shows what evaluation.json says, plots, and where they are', async () => {
  const output = join(folder, 'out');
  expect(await runProgram(['evaluate', checkpoint, cache, '--output', output, '--device', 'cpu'])).toBe(0);
  expect(written.output).toContain(`Wrote ${output}/report.html, plots/, evaluation.json`);
  const document = JSON.parse(readFileSync(join(output, 'evaluation.json'), 'utf8')) as {
    seizures: number;
    false_alarms: unknown[];
    excerpt_unit: string;
  };
  expect(document.excerpt_unit).toBe('standard deviations');
  const html = readFileSync(join(output, 'report.html'), 'utf8');
  expect(html).toContain('<h1>Seizure detector: evaluation (trained on this set; untuned)</h1>');
  expect(html).toContain(`; ${document.seizures} seizures; `);
  expect(html).toContain('2 SD');
  const drawn = Math.min(10, document.false_alarms.length);
  expect(drawn).toBeGreaterThan(0);
  for (let index = 1; index <= drawn; index++)
    expect(existsSync(join(output, `plots/false-alarm-${String(index).padStart(2, '0')}.svg`))).toBe(true);
});

test('H10: preprocessing of recordings that are not cached is not silent', async () => {
  const data = fileURLToPath(new URL('../../data/sample/chb03', import.meta.url));
  expect(await runProgram(['evaluate', checkpoint, data, '--device', 'cpu'])).toBe(0);
  const phases = [...written.errors.matchAll(/^(Preprocessing|Predicting) {2}7\/7 recordings/gm)];
  expect(phases.map(([, phase]) => phase)).toEqual(['Preprocessing', 'Predicting']);
});
