import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { splineWeights } from './spherical-spline.ts';

/** MNE 1.3's weights; each row over `good`. */
const golden = JSON.parse(
  readFileSync(new URL('./fixtures/interp-golden.json', import.meta.url), 'utf8'),
) as { cases: { bads: string[]; good: string[]; weights: number[][] }[] };

test.each(golden.cases)("B3: weights for $bads are MNE's", ({ bads, good, weights }) => {
  bads.forEach((electrode, index) => {
    const found = splineWeights(electrode, good);
    found.forEach((weight, k) => {
      expect(Math.abs(weight - weights[index]![k]!)).toBeLessThan(1e-10);
    });
  });
});

test('B3: weights follow their electrodes, whatever the order, and sum to 1', () => {
  const { good } = golden.cases[0]!;
  const forwards = splineWeights('Fz', good);
  const backwards = splineWeights('Fz', good.toReversed());
  backwards.toReversed().forEach((weight, k) => {
    expect(Math.abs(weight - forwards[k]!)).toBeLessThan(1e-12);
  });
  expect(forwards.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
});
