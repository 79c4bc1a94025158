import { ELECTRODE_DIRECTIONS } from './electrode-directions.ts';

/** m in the spline's kernel: how smooth it is. */
const STIFFNESS = 4;
const LEGENDRE_TERMS = 50;
/** Added to the kernel's diagonal, so that the spline need not meet every value exactly. */
const REGULARISATION = 1e-5;

/**
 * Weights that give the potential at one 10-20 electrode from those at others, by spherical splines (Perrin et al.,
 * Electroencephalography and Clinical Neurophysiology 72, 1989; the same as MNE's `interpolate_bads`). They sum
 * to 1, so that a reference in common stays what it is.
 *
 * @param target an electrode of the 10-20 system
 * @param recorded others
 * @returns one weight for each of `recorded`
 */
export function splineWeights(target: string, recorded: readonly string[]): Float64Array {
  // [G 1; 1' 0] applied to coefficients and constant gives the recorded values; the target's row of the same kernel
  // then gives the value there. The matrix is symmetric, so one solution for that row yields all weights.
  const matrix = recorded.map((row, index) => [
    ...recorded.map((column, other) => kernel(row, column) + (index === other ? REGULARISATION : 0)),
    1,
  ]);
  matrix.push([...recorded.map(() => 1), 0]);
  const targetRow = [...recorded.map((electrode) => kernel(target, electrode)), 1];
  return solve(matrix, targetRow).subarray(0, recorded.length);
}

/** Perrin's g of the cosine between two electrodes. */
function kernel(first: string, second: string): number {
  const [a, b] = [ELECTRODE_DIRECTIONS[first]!, ELECTRODE_DIRECTIONS[second]!];
  const cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  let previous = 1;
  let legendre = cosine;
  let sum = 0;
  for (let n = 1; n <= LEGENDRE_TERMS; n++) {
    sum += ((2 * n + 1) / (n * (n + 1)) ** STIFFNESS) * legendre;
    [previous, legendre] = [legendre, ((2 * n + 1) * cosine * legendre - n * previous) / (n + 1)];
  }
  return sum / (4 * Math.PI);
}

/** Gaussian elimination with the largest pivot of each column; the arguments are overwritten. */
function solve(matrix: number[][], right: number[]): Float64Array {
  const size = right.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(matrix[row]![column]!) > Math.abs(matrix[pivot]![column]!)) pivot = row;
    [matrix[column], matrix[pivot]] = [matrix[pivot]!, matrix[column]!];
    [right[column], right[pivot]] = [right[pivot]!, right[column]!];
    for (let row = column + 1; row < size; row++) {
      const factor = matrix[row]![column]! / matrix[column]![column]!;
      for (let k = column; k < size; k++) matrix[row]![k]! -= factor * matrix[column]![k]!;
      right[row]! -= factor * right[column]!;
    }
  }
  const solution = new Float64Array(size);
  for (let row = size - 1; row >= 0; row--) {
    let rest = right[row]!;
    for (let k = row + 1; k < size; k++) rest -= matrix[row]![k]! * solution[k]!;
    solution[row] = rest / matrix[row]![row]!;
  }
  return solution;
}
