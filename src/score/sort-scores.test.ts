import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortFloats } from './sort-scores.ts';

test('property: as the engine sorts, -0 before 0, infinities and subnormals included', () => {
  const few = fc.float32Array({ noNaN: true, minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(few, fc.integer({ min: 1024, max: 3000 }), (values, length) => {
      // Each value many times, in an order of no order.
      const all = Float32Array.from({ length }, (_, index) => values[(index * 7919) % values.length]!);
      const bytes = (sorted: Float32Array) => Buffer.from(sorted.buffer).toString('hex');
      expect(bytes(sortFloats(all.slice()))).toBe(bytes(all.slice().sort()));
    }),
    { numRuns: 50 },
  );
});

test('a view sorts what it sees alone', () => {
  const values = Float32Array.from({ length: 4000 }, (_, index) => Math.sin(index));
  const inner = values.subarray(1000, 3000);
  const expected = values.slice(1000, 3000).sort();
  const outside = [...values.subarray(0, 1000), ...values.subarray(3000)];
  sortFloats(inner);
  expect([...inner]).toEqual([...expected]);
  expect([...values.subarray(0, 1000), ...values.subarray(3000)]).toEqual(outside);
  expect([...sortFloats(Float32Array.of(2, -1, 0))]).toEqual([-1, 0, 2]);
});
