import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { isTogetherPossible } from '../torch/index.ts';
import { type JointPlace, type JointResult, trainJointly } from './testing/joint-process.ts';

/** Of loss, gradient norm, and the share of seizure, which is counted in float32. */
const TOLERANCES = [1e-9, 1e-9, 1e-6];
const PROCESS = fileURLToPath(new URL('./testing/joint-process.ts', import.meta.url));

async function together(size: number): Promise<JointResult[]> {
  let port = 0;
  const results: Promise<JointResult>[] = [];
  for (let rank = 0; rank < size; rank++) {
    const child = fork(PROCESS, ['joint-process'], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const { promise: chosen, resolve: choose } = Promise.withResolvers<void>();
    const { promise: result, resolve, reject } = Promise.withResolvers<JointResult>();
    child.on('message', (message: { port?: number; result?: JointResult }) => {
      port = message.port ?? port;
      choose();
      if (message.result !== undefined) resolve(message.result);
    });
    child.on('exit', (code) => {
      choose();
      reject(new Error(`process ${rank} ended with ${code}`));
    });
    child.send({ rank, size, port } satisfies JointPlace);
    if (rank === 0) await chosen;
    results.push(result);
  }
  return Promise.all(results);
}

test.runIf(isTogetherPossible('cpu')).each([2, 3])(
  '50 float64 steps of %i processes are those of one: losses, gradients, statistics, and the windows as a set',
  async (size) => {
    const one = trainJointly(null);
    expect(one.steps[49]![0]).toBeLessThan(one.steps[0]![0]!);
    const all = await together(size);
    for (const [rank, result] of all.entries()) {
      result.steps.forEach((values, step) => {
        for (const [i, value] of values.entries()) {
          const expected = one.steps[step]![i]!;
          expect(Math.abs(value - expected), `process ${rank}, step ${step}`).toBeLessThan(
            TOLERANCES[i]! * Math.abs(expected),
          );
        }
      });
      expect(result.steps).toEqual(all[0]!.steps);
      result.statistics.forEach((value, i) => {
        expect(Math.abs(value - one.statistics[i]!)).toBeLessThan(1e-10 * one.statistics[i]!);
      });
    }
    for (const [step, windows] of one.windows.entries()) {
      const drawn = new Set(all.flatMap((result) => result.windows[step]!));
      expect([...drawn].sort()).toEqual([...new Set(windows)].sort());
    }
  },
);
