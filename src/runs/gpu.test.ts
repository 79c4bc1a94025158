import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeGpu, GpuMonitor, gpuParts, sampleOf } from './gpu.ts';

let folder: string;
const path = process.env.PATH;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bgb-gpu-'));
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** Puts a program called nvidia-smi before all others. */
function standIn(script: string): void {
  writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'nvidia-smi'), 0o755);
  process.env.PATH = `${folder}:${path}`;
}

test('lines of nvidia-smi, with what a GPU does not tell as null', () => {
  expect(sampleOf('87, 18231')).toEqual({ utilisation: 0.87, memoryBytes: 18231 * 1024 * 1024 });
  expect(sampleOf('[N/A], 512')).toEqual({ utilisation: null, memoryBytes: 512 * 1024 * 1024 });
  expect(sampleOf('')).toEqual({ utilisation: null, memoryBytes: null });
});

test('the monitor asks about one GPU and has its last answer; its process ends with it', async () => {
  standIn('echo "$@" >> "$(dirname "$0")/asked"; echo "3, 100"; echo "42, 2048"; exec sleep 60');
  {
    using monitor = new GpuMonitor('1');
    await expect.poll(() => monitor.last).toEqual({ utilisation: 0.42, memoryBytes: 2 ** 31 });
  }
  standIn('echo "NVIDIA H200, 143771 MiB, 580.65.06"');
  expect(await describeGpu('0')).toEqual(['NVIDIA H200, 143771 MiB, driver 580.65.06']);
});

test('without nvidia-smi, or one that fails, nothing is known and nothing fails', async () => {
  process.env.PATH = folder;
  using monitor = new GpuMonitor('0');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(monitor.last).toBeNull();
  expect(await describeGpu('0')).toEqual([]);
  process.env.PATH = path;
  standIn('echo "No devices were found"; exit 6');
  expect(await describeGpu('0')).toEqual([]);
});

test('a GPU in parts, also one that says less', () => {
  expect(gpuParts('NVIDIA H200, 143771 MiB, driver 580.65.06')).toEqual({
    name: 'NVIDIA H200',
    memoryBytes: 150_754_820_096,
    driver: '580.65.06',
  });
  expect(gpuParts('NVIDIA A100-SXM4-80GB MIG 1g.10gb, [N/A], driver 570.1')).toEqual({
    name: 'NVIDIA A100-SXM4-80GB MIG 1g.10gb, [N/A]',
    memoryBytes: null,
    driver: '570.1',
  });
  expect(gpuParts('Some GPU')).toEqual({ name: 'Some GPU', memoryBytes: null, driver: null });
});
