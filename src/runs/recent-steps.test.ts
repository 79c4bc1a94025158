import { expect, test } from 'vitest';
import type { RunEvent } from './read-events.ts';
import { recentSteps } from './recent-steps.ts';

const step = (fields: object): RunEvent => ({ seq: 0, at: '2025', kind: 'step', step: 1, ...fields });

test('means are over time: of two steps, the slow one counts by how long it took', () => {
  // 8 windows at 10 a second take 0.8 s, at 40 a second 0.2 s: 16 windows in 1 s, of which 0.8 * 0.5 + 0.2 * 0 waiting.
  const { windowsPerS, waitingShare } = recentSteps([
    step({ windows_per_s: 10, waiting_share: 0.5 }),
    step({ windows_per_s: 40, waiting_share: 0 }),
  ]);
  expect(windowsPerS).toBeCloseTo(16, 12);
  expect(waitingShare).toBeCloseTo(0.4, 12);
});

test('what is not said is null, and does not spoil the rest', () => {
  expect(recentSteps([])).toEqual({
    loss: null,
    learningRate: null,
    windowsPerS: null,
    waitingShare: null,
    gpuUtilisation: null,
    gpuMemoryBytes: null,
  });
  const events = [
    step({ loss: 1, windows_per_s: 0, gpu_utilisation: null }),
    step({ loss: 'NaN', windows_per_s: 8, gpu_utilisation: 0.5 }),
    { ...step({ loss: 7 }), kind: 'epoch' },
  ];
  expect(recentSteps(events)).toMatchObject({
    loss: Number.NaN,
    windowsPerS: 8,
    gpuUtilisation: 0.5,
    waitingShare: null,
  });
});
