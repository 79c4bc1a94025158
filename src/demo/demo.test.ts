import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../config/index.ts';
import { openEdf, readDigital } from '../edf/index.ts';
import { runDemo } from './demo.ts';
import { cutSegments } from './segments.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bgb-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('segments are of equal length, all of one kind, and hold the very samples of their clip', async () => {
  const out = join(folder, 'segments');
  const segments = await cutSegments(join(root, 'data/sample'), out, 10);
  const count = (patient: string, isSeizure: boolean) =>
    segments.filter((segment) => segment.patient === patient && segment.isSeizure === isSeizure).length;
  // Seizures of 40, 27, 40 and 51 s hold 4 + 2 + 4 + 5 stretches of 10 s; each clip with a hole one, chb02_19 none.
  expect([count('chb01', true), count('chb02', true), count('chb03', true)]).toEqual([15 + 3, 2, 7]);
  expect([count('chb01', false), count('chb02', false), count('chb03', false)]).toEqual([7, 3, 7]);

  const clip = await openEdf(join(root, 'data/sample/chb01/chb01_16_clip.edf'));
  const cut = await openEdf(join(out, 'chb01/chb01_16_seizure_50s.edf'));
  expect(cut.durationS).toBe(10);
  const [whole] = await readDigital(clip, [5], clip.segments[0]!);
  const [part] = await readDigital(cut, [5], cut.segments[0]!);
  expect(part).toEqual(whole!.subarray(50 * 256, 60 * 256));
});

test('the quick demo trains and reports a score beside its baselines', async () => {
  const report = await runDemo({
    sampleDir: join(root, 'data/sample'),
    outputDir: join(folder, 'demo'),
    isFull: false,
    loadConfig: (set) =>
      loadConfig(join(root, 'configs/demo/demo.yaml'), {
        set: [...set, 'training.epochs=1', 'data.max_samples=32'],
      }),
    root,
    version: '0.0.0',
    signal: new AbortController().signal,
    interruption: () => null,
    say: () => undefined,
    onProgress: () => undefined,
  });
  const [fold] = report.folds;
  expect(fold).toMatchObject({
    patient: 'chb03',
    trainedOn: ['chb01', 'chb02'],
    windows: { seizure: 49, background: 49 },
  });
  // Segments begin anew, so time says nothing; band powers do not change with gain.
  expect(fold!.baselines['time since the segment began']).toBe(0.5);
  expect(fold!.model).toBeGreaterThan(0);
  expect(fold!.model).toBeLessThanOrEqual(1);
  expect(readFileSync(join(folder, 'demo/report.md'), 'utf8')).toBe(report.text);
  expect(report.text).toMatch(/No false-alarm rate is given/);
});
