import { expect, test } from 'vitest';
import { NO_PROGRESS, type Progress, progressAfter } from './early-stopping.ts';

function follow(values: (number | null)[], mode: 'max' | 'min'): Progress[] {
  const all: Progress[] = [];
  let progress = NO_PROGRESS;
  for (const value of values) {
    progress = progressAfter(progress, value, mode);
    all.push(progress);
  }
  return all;
}

test('counts evaluations since the best; an equal or undefined value is none, once there is a best', () => {
  const counts = follow([null, 0.5, 0.5, null, 0.6, 0.1], 'max').map((p) => p.withoutImprovement);
  expect(counts).toEqual([0, 0, 1, 2, 0, 1]);
  expect(follow([3, 2, 2.5], 'min').at(-1)).toEqual({ best: 2, withoutImprovement: 1 });
});

test('a metric that is never defined never ends a training', () => {
  expect(follow(Array(100).fill(null), 'max').at(-1)).toEqual(NO_PROGRESS);
});
