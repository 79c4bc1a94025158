import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compareLosses, drill } from './drill.ts';

const root = mkdtempSync(join(tmpdir(), 'bgb-drill-test-'));
afterAll(() => rmSync(root, { recursive: true }));

test('a training that the system kills before its step is said, and not waited for', async () => {
  const script = join(root, 'bgb.sh');
  // Builds, trains to the end, and is killed in the run that the drill itself was to kill.
  writeFileSync(script, 'case "$*" in *experiment.output_dir=*/killed*) kill -KILL $$ ;; esac\n');
  const drilled = drill({ program: ['sh', script], root, device: 'cpu', note: join(root, 'note.json') });
  await expect(drilled).rejects.toMatchObject({
    code: 'MODAL_DRILL',
    message: expect.stringContaining('a short training ended before step 5'),
  });
});

test('losses are the same within rounding, and a missing one is not', () => {
  expect(compareLosses([0.5, 0.4], [0.5, 0.4])).toBe(
    "losses of 2 steps within 0.0e+0 of the launching machine's",
  );
  // 0.4004 is 1e-3 of 0.4 away, 0.402 five times that.
  expect(() => compareLosses([0.5, 0.402], [0.5, 0.4])).toThrow(/differ by 5\.0e-3/);
  expect(() => compareLosses([0.5], [0.5, 0.4])).toThrow(/differ by NaN/);
});
