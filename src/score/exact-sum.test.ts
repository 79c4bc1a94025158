import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExactSum } from './exact-sum.ts';

test('property: an exact sum is that of whole numbers, in any order', () => {
  const anyParts = fc.array(fc.tuple(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), fc.nat(60)), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(anyParts, (parts) => {
      const values = parts.map(([whole, shift]) => whole * 2 ** -shift);
      const sum = (all: number[]) => {
        const exact = new ExactSum();
        for (const value of all) exact.add(value);
        return exact.value;
      };
      const asWhole = parts.reduce(
        (total, [whole, shift]) => total + (BigInt(whole) << BigInt(60 - shift)),
        0n,
      );
      expect(sum(values)).toBe(Number(asWhole) * 2 ** -60);
      expect(sum(values.toReversed())).toBe(sum(values));
    }),
  );
});
