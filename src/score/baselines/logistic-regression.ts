import { BgbError } from '../../errors.ts';
import { solvePositiveDefinite } from './cholesky.ts';

/** A fitted model: log-odds = intercept + sum of weight * (feature - mean) / deviation. */
export interface LogisticRegression {
  readonly intercept: number;
  /** For standardised features. */
  readonly weights: Float64Array;
  readonly means: Float64Array;
  /** Population standard deviations; 1 for a constant feature. */
  readonly deviations: Float64Array;
}

/**
 * Logistic regression on standardised features with a quadratic penalty on the weights (not on the intercept):
 * minimises `|w|^2 / 2 + inverseRegularisation * sum(log(1 + exp(-y z)))`, by Newton's method with step halving.
 * The same optimum as scikit-learn's StandardScaler and `LogisticRegression(C=inverseRegularisation)`. A NaN
 * feature is unknown and counts as its mean.
 *
 * @param rows features, one array `(F)` an example
 * @param labels 0 or 1 `(N)`
 * @throws BgbError `REGRESSION_DATA` unless both classes occur and all rows have one length;
 *   `REGRESSION_DIVERGED` if the optimum is not reached
 */
export function fitLogisticRegression(
  rows: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  inverseRegularisation = 1,
): LogisticRegression {
  checkData(rows, labels);
  const { means, deviations } = standardisation(rows);
  const examples = rows.map((row) => standardised(row, means, deviations));
  const problem = new PenalisedLoss(examples, labels, inverseRegularisation);
  let parameters = new Float64Array(means.length + 1);
  let loss = problem.loss(parameters);
  for (let iteration = 0; iteration < 100; iteration++) {
    const { gradient, hessian } = problem.derivatives(parameters);
    if (gradient.every((slope) => Math.abs(slope) <= 1e-11 * inverseRegularisation * rows.length)) {
      return { intercept: parameters[0]!, weights: parameters.slice(1), means, deviations };
    }
    const step = solvePositiveDefinite(hessian, gradient);
    let share = 1;
    let next = parameters.map((value, index) => value - share * step[index]!);
    let nextLoss = problem.loss(next);
    while (nextLoss > loss * (1 + 1e-12) && share > 1e-6) {
      share /= 2;
      next = parameters.map((value, index) => value - share * step[index]!);
      nextLoss = problem.loss(next);
    }
    parameters = next;
    loss = nextLoss;
  }
  throw new BgbError(
    'REGRESSION_DIVERGED',
    `Expected the logistic regression to converge in 100 steps, its loss is still moving at ${loss}. ` +
      'A smaller inverseRegularisation makes the problem easier.',
  );
}

/** Ranks as the probability does, but never saturates. Features `(F)`. */
export function logOdds(model: LogisticRegression, row: ArrayLike<number>): number {
  const values = standardised(row, model.means, model.deviations);
  return values.reduce((sum, value, index) => sum + value * model.weights[index]!, model.intercept);
}

export function probability(model: LogisticRegression, row: ArrayLike<number>): number {
  return 1 / (1 + Math.exp(-logOdds(model, row)));
}

/** Parameters are the intercept, then the weights. */
class PenalisedLoss {
  readonly #examples: readonly Float64Array[];
  readonly #labels: ArrayLike<number>;
  readonly #scale: number;

  constructor(examples: readonly Float64Array[], labels: ArrayLike<number>, scale: number) {
    this.#examples = examples;
    this.#labels = labels;
    this.#scale = scale;
  }

  loss(parameters: Float64Array): number {
    let sum = 0;
    for (const [index, example] of this.#examples.entries()) {
      const margin = (this.#labels[index] === 1 ? 1 : -1) * score(parameters, example);
      // log(1 + exp(-m)) without overflow.
      sum += Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
    }
    let penalty = 0;
    for (let index = 1; index < parameters.length; index++) penalty += parameters[index]! ** 2 / 2;
    return penalty + this.#scale * sum;
  }

  /** Gradient `(P)` and Hessian `(P, P)`, of which the lower triangle is filled. */
  derivatives(parameters: Float64Array): { gradient: Float64Array; hessian: Float64Array } {
    const size = parameters.length;
    const gradient = parameters.slice();
    gradient[0] = 0;
    const hessian = new Float64Array(size * size);
    for (let index = 1; index < size; index++) hessian[index * size + index] = 1;
    for (const [index, example] of this.#examples.entries()) {
      const predicted = 1 / (1 + Math.exp(-score(parameters, example)));
      const error = this.#scale * (predicted - (this.#labels[index] === 1 ? 1 : 0));
      const curvature = this.#scale * predicted * (1 - predicted);
      for (let row = 0; row < size; row++) {
        const value = row === 0 ? 1 : example[row - 1]!;
        gradient[row]! += error * value;
        hessian[row * size]! += curvature * value;
        for (let column = 1; column <= row; column++) {
          hessian[row * size + column]! += curvature * value * example[column - 1]!;
        }
      }
    }
    return { gradient, hessian };
  }
}

function score(parameters: Float64Array, example: Float64Array): number {
  let sum = parameters[0]!;
  for (let index = 0; index < example.length; index++) sum += parameters[index + 1]! * example[index]!;
  return sum;
}

function standardised(row: ArrayLike<number>, means: Float64Array, deviations: Float64Array): Float64Array {
  return means.map((mean, index) => {
    const value = row[index]!;
    return Number.isNaN(value) ? 0 : (value - mean) / deviations[index]!;
  });
}

/** Mean and population deviation of each feature over the examples where it is known. */
function standardisation(
  rows: readonly ArrayLike<number>[],
): Pick<LogisticRegression, 'means' | 'deviations'> {
  const means = new Float64Array(rows[0]!.length);
  const deviations = new Float64Array(rows[0]!.length);
  for (let feature = 0; feature < means.length; feature++) {
    const known = rows.map((row) => row[feature]!).filter((value) => !Number.isNaN(value));
    const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
    const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length);
    means[feature] = mean;
    // A constant's deviation is rounding, as scikit-learn's StandardScaler also takes it.
    deviations[feature] = Math.sqrt(variance) > 1e-12 * Math.abs(mean) ? Math.sqrt(variance) : 1;
  }
  return { means, deviations };
}

function checkData(rows: readonly ArrayLike<number>[], labels: ArrayLike<number>): void {
  const ones = Array.from(labels).filter((label) => label === 1).length;
  const zeros = Array.from(labels).filter((label) => label === 0).length;
  const isOneLength = rows.every((row) => row.length === rows[0]!.length);
  if (ones > 0 && zeros > 0 && ones + zeros === rows.length && labels.length === rows.length && isOneLength)
    return;
  throw new BgbError(
    'REGRESSION_DATA',
    'Expected examples of one length, each with label 0 or 1, both of which occur; found ' +
      `${rows.length} examples, ${ones} labels 1, ${zeros} labels 0 and ${labels.length - ones - zeros} others` +
      `${isOneLength ? '' : ', examples of different lengths'}.`,
  );
}
