import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'native/**/*.test.ts', 'scripts/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    env: { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', GOMP_SPINCOUNT: '1000' },
  },
});
