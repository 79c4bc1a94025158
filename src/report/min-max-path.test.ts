import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minMaxPath } from './min-max-path.ts';

/** Points that a path goes through, by column. */
function pointsOf(d: string): [number, number][] {
  let [x, y] = [0, 0];
  const points: [number, number][] = [];
  for (const [, command, numbers] of d.matchAll(/([Mlv])([^Mlv]*)/g)) {
    const [a, b] = numbers!.trim().split(' ').map(Number) as [number, number];
    if (command === 'M') [x, y] = [a, b];
    else if (command === 'l') [x, y] = [x + a, y + b];
    else y += a;
    points.push([x, y]);
  }
  return points;
}

test('as many samples as columns: one point each', () => {
  expect(minMaxPath(3, 10, (sample) => [5, 2, 9][sample]!)).toEqual({ d: 'M0 5l1 -3l1 7', columns: 3 });
});

test('a spike of one sample among 10,000 stays', () => {
  const { d, columns } = minMaxPath(10_000, 100, (sample) => (sample === 4321 ? -250 : 0));
  expect(columns).toBe(100);
  expect(pointsOf(d)).toContainEqual([43, -250]);
});

test('property: each column reaches the least and the largest of its samples, and nothing beyond', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 40 }),
      (samples, most) => {
        const { d, columns } = minMaxPath(samples.length, most, (sample) => samples[sample]!);
        const points = pointsOf(d);
        for (let column = 0; column < columns; column++) {
          const own = samples.slice(
            Math.floor((column * samples.length) / columns),
            Math.floor(((column + 1) * samples.length) / columns),
          );
          const heights = points.filter(([x]) => x === column).map(([, y]) => y);
          expect([Math.min(...heights), Math.max(...heights)]).toEqual([Math.min(...own), Math.max(...own)]);
        }
      },
    ),
  );
});
