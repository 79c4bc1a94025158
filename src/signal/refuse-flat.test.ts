import { expect, test } from 'vitest';
import { refuseFlat } from './refuse-flat.ts';

const channel = (name: string, isInterpolated: boolean) => ({ channel: name, terms: [], isInterpolated });
const montage = { derivations: [channel('Fp1', false), channel('Fz', true), channel('Pz', true)] };
const moments = (...flat: boolean[]) => flat.map((isFlat) => ({ isFlat }));

test('B4: an interpolated channel that does not vary rejects the recording by name', () => {
  expect(() => refuseFlat(montage, moments(false, true, false), 'x.edf')).toThrow(
    'x.edf: Fz had to be interpolated, but the result does not vary. Leave the recording out.',
  );
  expect(() => refuseFlat(montage, moments(false, true, true), 'x.edf')).toThrow('Fz, Pz had');
});

test('a recorded channel may be flat, all of them may not', () => {
  expect(() => refuseFlat(montage, moments(true, false, false), 'x.edf')).not.toThrow();
  expect(() => refuseFlat(montage, moments(true, true, true), 'x.edf')).toThrow(
    /none of its 3 channels varies/,
  );
});
