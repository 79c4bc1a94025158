import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { withBuildLock } from './build-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'bgb-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('one builds at a time, also after one that failed', async () => {
  let inside = 0;
  let most = 0;
  const build = (fails: boolean) =>
    withBuildLock(
      folder,
      () => undefined,
      async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 20));
        inside--;
        if (fails) throw new Error('refused');
      },
    );
  const results = await Promise.allSettled([build(true), build(false), build(false)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(most).toBe(1);
  expect(existsSync(join(folder, '.building'))).toBe(false);
});

test('the lock of a process that is gone is taken over', async () => {
  const { pid } = spawnSync('true');
  writeFileSync(join(folder, '.building'), String(pid));
  await expect(
    withBuildLock(
      folder,
      () => undefined,
      async () => 'built',
    ),
  ).resolves.toBe('built');
});
