// A small real training for the stand-in: its cache on the volume, and code that starts this clone's own sources.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job } from '../../places/index.ts';
import { buildSampleCache, SMOKE } from '../../train/testing/sample-cache.ts';
import { StandIn, type StandInOptions } from './stand-in.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
export const VOLUME = 'bgb-results';

/** Fields that make the sample's training a matter of seconds and of the same bits everywhere. */
export const SETTINGS = [
  'training.epochs=2',
  'training.checkpoint_minutes=0.005',
  'resources.threads=1',
  'data.cache_dir=/results/cache/smoke',
];

/** A packed "bundle" that starts this clone's sources: the containers see the same files. */
export function packClone(tarball: string): void {
  const folder = `${tarball}.content`;
  mkdirSync(join(folder, 'bgb'), { recursive: true });
  const start = `#!/bin/sh\nexec '${process.execPath}' '${path('src/cli/main.ts')}' "$@"\n`;
  writeFileSync(join(folder, 'bgb/bgb'), start);
  chmodSync(join(folder, 'bgb/bgb'), 0o755);
  execFileSync('tar', ['-czf', tarball, '-C', folder, 'bgb']);
}

/** A stand-in with cache and code on its volume. */
export async function standInWithSample(options: StandInOptions = {}): Promise<StandIn> {
  const standIn = await StandIn.start({
    ...options,
    environment: {
      OPENBLAS_NUM_THREADS: '1',
      OMP_NUM_THREADS: '1',
      GOMP_SPINCOUNT: '1000',
      BGB_LIBTORCH: process.env.BGB_LIBTORCH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      ...options.environment,
    },
  });
  const { folder } = standIn.volume(VOLUME);
  await buildSampleCache(join(folder, 'cache/smoke'));
  mkdirSync(join(folder, '.bgb/code'), { recursive: true });
  packClone(join(folder, '.bgb/code/clone.tar.gz'));
  return standIn;
}

/** A training of the sample as a job. */
export function sampleJob(run: string, changes: Partial<Job> = {}, set: readonly string[] = []): Job {
  const all = [...SETTINGS, `experiment.output_dir=/results/${run}`, ...set];
  return {
    format: 'bgb-job',
    version: 1,
    run,
    token: `token of ${run}`,
    created_at: new Date().toISOString(),
    command: ['train', 'CONFIG', ...all.flatMap((assignment) => ['--set', assignment])],
    config: { name: 'smoke.yaml', text: readFileSync(SMOKE, 'utf8') },
    output_dir: `/results/${run}`,
    done: `/results/${run}/done.json`,
    results: '/results',
    environment: {},
    environment_once: {},
    resume: ['--resume'],
    is_resuming: false,
    stage: null,
    before: [],
    commit: ['sync', '/results'],
    limit_s: 600,
    hashes: { code: 'c0de', config: 'c0ff' },
    place: {
      backend: 'sandbox',
      gpu: 'A100-80GB',
      cpu: 8,
      memory_mib: 1024,
      timeout_s: 700,
      secrets: [],
      code_path: '/results/.bgb/code/clone.tar.gz',
      bridge_path: '/results/.bgb/bridge/clone.tar.gz',
    },
    ...changes,
  };
}
