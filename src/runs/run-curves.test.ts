import { expect, test } from 'vitest';
import type { RunEvent } from './read-events.ts';
import { RunCurves } from './run-curves.ts';

const event = (kind: string, step: number, second: number, fields: object = {}): RunEvent => ({
  seq: 0,
  at: new Date(Date.UTC(2025, 0, 1, 0, 0, second)).toISOString(),
  kind,
  step,
  ...fields,
});

test('curves, skipped steps and the last steps', () => {
  const curves = new RunCurves();
  curves.add(event('step', 1, 0, { loss: 0.7 }));
  curves.add(event('step', 2, 1, { loss: 'NaN' }));
  curves.add(event('skipped', 2, 1));
  curves.add(event('epoch', 2, 2, { epoch: 1, auroc: 0.8, sensitivity: null, train_loss: 0.5 }));
  curves.add(event('step', 3, 3, { loss: 0.5 }));
  curves.add(event('epoch', 4, 4, { epoch: 2, auroc: 0.9 }));
  expect(curves.loss).toEqual([{ x: 1, y: 0.7 }, { x: 3, y: 0.5 }]); // biome-ignore format: one line
  expect(curves.metric('auroc')).toEqual([{ x: 2, y: 0.8 }, { x: 4, y: 0.9 }]); // biome-ignore format: one line
  expect(curves.metricNames).toEqual(['auroc', 'train_loss']);
  expect(curves.metric('sensitivity')).toEqual([]);
  expect(curves).toMatchObject({ skipped: 1, recent: { loss: 0.5 } });
});

test('the time left is at the pace of this session, evaluations counted', () => {
  const curves = new RunCurves();
  expect(curves.secondsLeft(100)).toBeNull();
  curves.add(event('step', 1, 0));
  expect(curves.secondsLeft(100)).toBeNull();
  curves.add(event('step', 11, 20));
  // 10 steps took 20 s: 90 more are to come.
  expect(curves.secondsLeft(101)).toBe(180);
  expect(curves.secondsLeft(5)).toBe(0);
  curves.add(event('resumed', 11, 3000));
  curves.add(event('step', 12, 3010));
  expect(curves.secondsLeft(100)).toBeNull();
  curves.add(event('step', 13, 3015));
  expect(curves.secondsLeft(23)).toBe(50);
});
