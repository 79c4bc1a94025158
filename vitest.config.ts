import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'native/**/*.test.ts', 'scripts/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    env: {
      ...{ OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', GOMP_SPINCOUNT: '1000' },
      // Tests start bgb some hundred times, and compiling it is a good part of each start.
      NODE_COMPILE_CACHE: fileURLToPath(new URL('build/compile-cache', import.meta.url)),
    },
  },
});
