import { expect, test } from 'vitest';
import { StepClock } from './step-clock.ts';

test('time between steps counts to the next one, unless something else came between', () => {
  let now = 1000;
  const clock = new StepClock(() => now);
  clock.begin();
  now += 300;
  expect(clock.end(120, 50)).toEqual({ total: 0.3, waiting: 0.05, copying: 0.07 });
  now += 200;
  clock.begin();
  now += 500;
  expect(clock.end(0, 0)).toEqual({ total: 0.7, waiting: 0, copying: 0 });
  clock.pause();
  now += 60_000;
  clock.begin();
  now += 100;
  expect(clock.end(80, 90)).toEqual({ total: 0.1, waiting: 0.09, copying: 0 });
});
