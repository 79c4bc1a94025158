import { ELECTRODE_DIRECTIONS } from '../signal/index.ts';

/** A point or direction: x to the right, y to the front, z up; the scalp is the unit sphere. */
export type Vector = readonly [number, number, number];

/** The 10-20 system's 19 scalp electrodes, in the order in which TUSZ's recordings have them. */
export const SCALP = 'Fp1 Fp2 F3 F4 C3 C4 P3 P4 O1 O2 F7 F8 T3 T4 T5 T6 Fz Cz Pz'.split(' ');

/** Earlobes, below and a little behind the temporal electrodes, and a reference between Cz and Pz. */
const OTHERS: readonly [string, Vector][] = [
  ['A1', [-0.88, -0.17, -0.44]],
  ['A2', [0.88, -0.17, -0.44]],
  ['Ref', [0, -0.25, 0.97]],
];

export const ELECTRODES: readonly string[] = [...SCALP, ...OTHERS.map(([name]) => name)];
export const ELECTRODE_COUNT = ELECTRODES.length;

/** Unit vectors, in the order of {@link ELECTRODES}. */
export const DIRECTIONS: readonly Vector[] = [
  ...SCALP.map((name) => ELECTRODE_DIRECTIONS[name]!),
  ...OTHERS.map(([, direction]) => unit(direction)),
];

/**
 * Potential at each electrode of a current dipole within a homogeneous sphere of radius 1 whose surface lets no
 * current out (the closed form of Brody, Terry and Ideker 1973): the gradient of the sphere's Neumann function
 * `2 / d - ln(1 - e.r + d)`, `d` the distance of electrode `e` from dipole `r`. The skull's smearing is in the
 * sources' depth: one sphere equals three shells when dipoles lie deeper by about 0.6 (Ary, Klein and Fender 1981).
 *
 * @param position within the sphere, at most 0.9 from its centre
 * @param moment any length; the potential grows in proportion
 * @returns (E)
 */
export function dipolePotential(position: Vector, moment: Vector): Float64Array {
  return Float64Array.from(DIRECTIONS, (electrode) => {
    const away = subtract(electrode, position);
    const distance = Math.sqrt(dot(away, away));
    const near = 2 / distance ** 3;
    const boundary = 1 / (1 - dot(electrode, position) + distance);
    let potential = 0;
    for (let axis = 0; axis < 3; axis++)
      potential +=
        moment[axis]! * (near * away[axis]! + boundary * (electrode[axis]! + away[axis]! / distance));
    return potential;
  });
}

/** How a source of activity lies in the head. */
export interface Source {
  /** Distance from the centre of the equivalent sphere, below 0.9. */
  readonly position: Vector;
  readonly moment: Vector;
}

/**
 * A source below an electrode or between electrodes: radial, as the crown of a gyrus is, turned by `tilt` (0 radial,
 * 1 tangential) towards `turn`.
 */
export function sourceBelow(direction: Vector, depth: number, tilt = 0, turn: Vector = [0, 1, 0]): Source {
  const radial = unit(direction);
  const along = dot(turn, radial);
  const tangential = unit([
    turn[0] - along * radial[0] + 1e-9,
    turn[1] - along * radial[1],
    turn[2] - along * radial[2] + 1e-9,
  ]);
  const moment = unit([
    (1 - tilt) * radial[0] + tilt * tangential[0],
    (1 - tilt) * radial[1] + tilt * tangential[1],
    (1 - tilt) * radial[2] + tilt * tangential[2],
  ]);
  return { position: [depth * radial[0], depth * radial[1], depth * radial[2]], moment };
}

/** Electrodes against which a recording is made. */
export type Reference = 'ar' | 'le' | 'ar_a';

/**
 * Weights `(E)` of the electrodes' mean that is subtracted: both ears (`le`), or the 19 scalp electrodes. What a
 * reference electrode picks up is in every channel.
 */
export function referenceWeights(reference: Reference): Float64Array {
  const isEar = (name: string) => name === 'A1' || name === 'A2';
  return Float64Array.from(ELECTRODES, (name, index) =>
    reference === 'le' ? (isEar(name) ? 0.5 : 0) : index < SCALP.length ? 1 / SCALP.length : 0,
  );
}

/** Potentials `(E)` less the reference's. */
export function referenced(potentials: Float64Array, weights: Float64Array): Float64Array {
  const mean = potentials.reduce((sum, value, index) => sum + value * weights[index]!, 0);
  return potentials.map((value) => value - mean);
}

/** The direction of a vector. */
export function unit([x, y, z]: Vector): Vector {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}

/** Scalar product. */
export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function subtract(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** Direction of an electrode by name, in any 10-20 spelling of {@link ELECTRODES}. */
export function directionOf(electrode: string): Vector {
  return DIRECTIONS[ELECTRODES.indexOf(electrode)]!;
}
