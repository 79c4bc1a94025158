import fc from 'fast-check';
import { expect, test } from 'vitest';
import { devPatients, foldOf, foldPatients } from './split-draw.ts';

const patients = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 40 });
const seed = fc.integer();

test('C2: the dev patients are a share of all, at least one on each side, whatever order they come in', () => {
  fc.assert(
    fc.property(patients, seed, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (all, seed, share) => {
      const dev = devPatients(all, share, seed);
      const asked = Math.round(all.length * share);
      expect(dev.size).toBe(all.length === 1 ? 0 : Math.min(Math.max(1, asked), all.length - 1));
      expect(devPatients(all.toReversed(), share, seed)).toEqual(dev);
      for (const patient of dev) expect(all).toContain(patient);
    }),
  );
});

test('C2: alphabetical order is not the order of the draw, and the seed decides it', () => {
  const all = Array.from({ length: 100 }, (_, index) => `chb${String(index).padStart(3, '0')}`);
  const draws = Array.from({ length: 200 }, (_, seed) => devPatients(all, 0.2, seed));
  expect(new Set(draws.map((dev) => [...dev].sort().join())).size).toBe(200);
  // 200 draws of 20 of 100: each patient 40 times, standard deviation sqrt(200 * 0.2 * 0.8) = 5.7.
  for (const patient of all)
    expect(Math.abs(draws.filter((dev) => dev.has(patient)).length - 40)).toBeLessThan(5 * 5.7);
});

test('a patient who is added moves at most one other', () => {
  fc.assert(
    fc.property(patients, seed, fc.string({ minLength: 1 }), (all, seed, added) => {
      const before = devPatients(all, 0.3, seed);
      const after = devPatients([...all, added], 0.3, seed);
      const moved = all.filter((patient) => before.has(patient) !== after.has(patient));
      expect(moved.length).toBeLessThanOrEqual(1);
    }),
  );
});

test('over all folds each patient is left out once, in folds of equal size but for one', () => {
  fc.assert(
    fc.property(patients, seed, fc.integer({ min: 2, max: 10 }), (all, seed, count) => {
      fc.pre(all.length >= count);
      const folds = Array.from({ length: count }, (_, at) =>
        foldPatients(all, { index: at + 1, count }, seed),
      );
      expect(folds.flatMap((fold) => [...fold]).sort()).toEqual(all.toSorted());
      const sizes = folds.map((fold) => fold.size);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

test('more folds than patients are refused', () => {
  expect(() => foldPatients(['a', 'b'], { index: 1, count: 3 }, 1)).toThrow(/only 2 patients/);
});

test('--fold k/N', () => {
  expect(foldOf('2/5')).toEqual({ index: 2, count: 5 });
  for (const text of ['', '0/5', '6/5', '1/1', '1', '1/5/2', '-1/5', '1.5/5', '1e1/20', ' 1/5'])
    expect(() => foldOf(text)).toThrow(/expected k\/N/);
});
