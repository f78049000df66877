import { ArgumentError } from '@flowfield/tensor-webgpu';

/**
 * A Runge-Kutta method. Stage i is `k_i = f(t + c_i h, y + h sum_j a_ij k_j)`, and the step `y + h sum_i b_i k_i`.
 * Row i of `a` holds the weights of the stages before it (explicit), and its own as the last entry (diagonally implicit).
 */
export interface Tableau {
  readonly name: string;
  readonly order: number;
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  /** b minus the weights of an embedded method: the error estimate is `h sum_i e_i k_i`. */
  readonly errorWeights?: readonly number[];
  /** The error estimate is O(h^errorOrder). Default: `order`, for an embedded method of order `order - 1`. */
  readonly errorOrder?: number;
  /** Row i holds the coefficients of theta, theta^2, ... of stage i in the dense output `y + h sum_i b_i(theta) k_i`. */
  readonly dense?: readonly (readonly number[])[];
}

/** Sums of exact fractions may be off by some rounding. */
const roundingOfSums = 1e-9;

/** Throws `ArgumentError` unless row i of a has at most `longest(i)` weights that sum to c_i, and the b_i sum to 1. */
export function checkTableau(use: string, tableau: Tableau, longest: (row: number) => number): void {
  const isList = (given: unknown): boolean => Array.isArray(given);
  if (!(isList(tableau?.a) && isList(tableau.b) && isList(tableau.c)))
    throw new ArgumentError(
      `${use}: expected a tableau { name, order, a, b, c }, got ${tableau && typeof tableau === 'object' ? 'an object without lists a, b and c' : String(tableau)}. Give all of them.`,
    );
  const { name, a, b, c, errorWeights, dense } = tableau;
  const stages = b.length;
  const expect = (holds: boolean, what: string): void => {
    if (!holds) throw new ArgumentError(`${use}: the tableau of ${name} needs ${what}. Check its entries.`);
  };
  const sum = (weights: readonly number[]): number => weights.reduce((total, weight) => total + weight, 0);
  const near = (x: number, y: number): boolean => Math.abs(x - y) <= roundingOfSums;
  expect(
    stages > 0 && a.length === stages && c.length === stages,
    `as many rows of a and entries of c as of b (${stages})`,
  );
  a.forEach((row, i) => {
    expect(row.length <= longest(i), `at most ${longest(i)} entries in row ${i} of a, which has ${row.length}`);
    expect(near(sum(row), c[i]), `row ${i} of a to sum to c[${i}] = ${c[i]}, not ${sum(row)}`);
  });
  expect(near(sum(b), 1), `b to sum to 1, not ${sum(b)}`);
  if (errorWeights) {
    expect(errorWeights.length === stages && near(sum(errorWeights), 0), `${stages} error weights that sum to 0`);
  }
  if (dense) {
    expect(
      dense.length === stages && dense.every((row, i) => near(sum(row), b[i])),
      'rows of dense that sum to the entries of b',
    );
  }
}

/** Whether the last stage stands at the end of the step with the weights of the step itself. */
export const endsInLastStage = ({ a, b, c }: Tableau): boolean => {
  const last = b.length - 1;
  return last > 0 && c[last] === 1 && b.every((weight, i) => weight === (a[last][i] ?? 0));
};
