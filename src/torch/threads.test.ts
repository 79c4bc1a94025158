import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { autocast, liveTensors, noGrad, scope, tensor } from './index.ts';

const THREAD = new URL('./testing/thread.ts', import.meta.url);

function runThread(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(THREAD);
    let message: unknown;
    worker.on('message', (value) => {
      message = value;
    });
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve(message) : reject(new Error(`thread ended with ${code}`)),
    );
  });
}

test('50 threads start, use the bridge and end while the main thread trains', async () => {
  const weight = tensor([[0.5]]).withGrad();
  let steps = 0;
  let running = true;
  const training = (async () => {
    while (running) {
      scope(() =>
        weight
          .matmul(tensor([[2]]))
          .sum()
          .backward(),
      );
      steps++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  // Modes of the main thread, held while threads start, must not reach them.
  const first = noGrad(() => autocast({ device: 'cpu', dtype: 'bfloat16' }, () => runThread()));
  const results = [await first];
  for (let started = 1; started < 50; started += 7)
    results.push(...(await Promise.all(Array.from({ length: Math.min(7, 50 - started) }, runThread))));
  running = false;
  await training;
  expect(results).toHaveLength(50);
  for (const result of results)
    expect(result).toEqual({ grad: true, autocast: null, device: 'cpu', gradient: 60 });
  expect(steps).toBeGreaterThan(10);
  expect(weight.grad?.item()).toBe(2 * steps);
  expect(liveTensors()).toBeLessThan(20);
});
