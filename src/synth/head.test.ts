import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  DIRECTIONS,
  dipolePotential,
  dot,
  ELECTRODES,
  referenced,
  referenceWeights,
  SCALP,
  sourceBelow,
  type Vector,
} from './head.ts';

test('a dipole in the centre: three times its moment along each electrode (Frank 1952)', () => {
  const moment: Vector = [0.3, -0.5, 0.8];
  dipolePotential([0, 0, 0], moment).forEach((potential, electrode) => {
    expect(potential).toBeCloseTo(3 * dot(moment, DIRECTIONS[electrode]!), 12);
  });
});

test('property: potentials of dipoles add, and grow with the moment', () => {
  const part = fc.double({ min: -1, max: 1, noNaN: true });
  const inside = fc.tuple(part, part, part).map(([x, y, z]): Vector => [0.45 * x, 0.45 * y, 0.45 * z]);
  fc.assert(
    fc.property(inside, inside, inside, (position, a, b) => {
      const sum = dipolePotential(position, [a[0] + 2 * b[0], a[1] + 2 * b[1], a[2] + 2 * b[2]]);
      const [first, second] = [dipolePotential(position, a), dipolePotential(position, b)];
      sum.forEach((value, index) => {
        expect(value).toBeCloseTo(first[index]! + 2 * second[index]!, 8);
      });
    }),
  );
});

test('a superficial radial source below Cz is strongest at Cz, a tangential one changes sign across it', () => {
  const cz = ELECTRODES.indexOf('Cz');
  const { position, moment } = sourceBelow(DIRECTIONS[cz]!, 0.7);
  const radial = dipolePotential(position, moment);
  radial.forEach((value, index) => {
    if (index !== cz) expect(value).toBeLessThan(radial[cz]!);
  });
  const along = sourceBelow(DIRECTIONS[cz]!, 0.7, 1, [0, 1, 0]);
  const tangential = dipolePotential(along.position, along.moment);
  expect(tangential[ELECTRODES.indexOf('Fz')]!).toBeGreaterThan(0);
  expect(tangential[ELECTRODES.indexOf('Pz')]!).toBeLessThan(0);
});

test('references: what all electrodes share cancels; ears or the mean of the scalp', () => {
  for (const reference of ['ar', 'le', 'ar_a'] as const) {
    const weights = referenceWeights(reference);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    for (const value of referenced(new Float64Array(ELECTRODES.length).fill(7), weights))
      expect(value).toBeCloseTo(0, 12);
  }
  const potentials = Float64Array.from(ELECTRODES, (name) => (name === 'A1' ? 4 : 0));
  expect(referenced(potentials, referenceWeights('le'))[0]).toBe(-2);
  const scalp = Float64Array.from(ELECTRODES, (_, index) => (index < SCALP.length ? index : 1000));
  // The mean of 0 to 18.
  expect(referenced(scalp, referenceWeights('ar'))[0]).toBeCloseTo(-9, 12);
});
