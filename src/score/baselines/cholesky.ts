import { BgbError } from '../../errors.ts';

/**
 * Solves `A x = b` for a symmetric positive definite A `(n, n)`, of which the lower triangle is read.
 * @throws BgbError `NOT_POSITIVE_DEFINITE`
 */
export function solvePositiveDefinite(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const lower = matrix.slice();
  const solution = right.slice();
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = lower[row * size + column]!;
      for (let k = 0; k < column; k++) rest -= lower[row * size + k]! * lower[column * size + k]!;
      if (row !== column) {
        lower[row * size + column] = rest / lower[column * size + column]!;
      } else if (rest > 0) {
        lower[row * size + row] = Math.sqrt(rest);
      } else {
        throw new BgbError(
          'NOT_POSITIVE_DEFINITE',
          `Expected a positive pivot in row ${row}, found ${rest}.`,
        );
      }
    }
  }
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < row; k++) solution[row]! -= lower[row * size + k]! * solution[k]!;
    solution[row]! /= lower[row * size + row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let k = row + 1; k < size; k++) solution[row]! -= lower[k * size + row]! * solution[k]!;
    solution[row]! /= lower[row * size + row]!;
  }
  return solution;
}
