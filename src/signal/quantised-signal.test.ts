import { expect, test } from 'vitest';
import { QuantisedSignal } from './quantised-signal.ts';

test('rounded to the next step, clipped and counted beyond the clip, each channel in its column', () => {
  const output = new QuantisedSignal(5, 2);
  output.write(1, 0, Float64Array.of(10.5, -10.5, 10, -10, 0.0004), 10 / 32767, 10);
  output.write(0, 3, Float64Array.of(1, -1), 10 / 32767, 10);
  expect([...output.signal]).toEqual([0, 32767, 0, -32767, 0, 32767, 3277, -32767, -3277, 1]);
  expect(output.clipped).toBe(2);
});

test('without a clip nothing is counted', () => {
  const output = new QuantisedSignal(2, 1);
  output.write(0, 0, Float64Array.of(250, -250), 250 / 32767, null);
  expect([...output.signal]).toEqual([32767, -32767]);
  expect(output.clipped).toBe(0);
});
