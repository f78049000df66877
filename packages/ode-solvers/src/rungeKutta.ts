import { ArgumentError, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type Field, fieldOf, type OdeFunction, type State, stateOf } from './state.ts';

/**
 * An explicit Runge-Kutta method. Stage i is `k_i = f(t + c_i h, y + h sum_j a_ij k_j)`, and the step
 * `y + h sum_i b_i k_i`.
 */
export interface Tableau {
  readonly name: string;
  readonly order: number;
  readonly c: readonly number[];
  /** Row i holds the weights of the stages before it. */
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  /** b minus the weights of an embedded method of order `order - 1`: the error estimate is `h sum_i e_i k_i`. */
  readonly errorWeights?: readonly number[];
  /** Row i holds the coefficients of theta, theta^2, ... of stage i in the dense output `y + h sum_i b_i(theta) k_i`. */
  readonly dense?: readonly (readonly number[])[];
}

export interface StepOptions<Y> {
  /** f(t, y), when it is known: the `last` of the step before. */
  readonly first?: Y;
}

export interface Step<Y> {
  /** The state at t + h. */
  readonly y: Y;
  /** An estimate of the error of `y`, if the method has one. */
  readonly error?: Y;
  /** f at the end of the step, if the last stage is that ("first same as last"). */
  readonly last?: Y;
}

/** A solver of `dy/dt = f(t, y)` by single steps. */
export interface OdeSolver {
  readonly name: string;
  /** The global error is O(h^order). */
  readonly order: number;
  readonly stages: number;
  /** The last stage is the first of the next step, so that a step costs one evaluation less. */
  readonly firstSameAsLast: boolean;
  readonly tableau: Tableau;
  /** One step of size h (negative: backwards) by hand, without control of its size. */
  step<Y>(f: OdeFunction<Y, undefined>, t: Tensor, y: Y, h: Tensor, options?: StepOptions<Y>): Step<Y>;
}

/** What one step computed, on leaves. */
export interface LeafStep {
  readonly next: State;
  readonly stages: readonly State[];
  readonly error: State | null;
}

/**
 * The solver of a tableau.
 *
 * @throws ArgumentError for a tableau that is not an explicit, consistent one: stage i takes at most i weights that sum
 * to c_i, and the b_i sum to 1.
 */
export function rungeKutta(tableau: Tableau): OdeSolver {
  checkTableau(tableau);
  const stages = tableau.b.length;
  const firstSameAsLast =
    stages > 1 &&
    tableau.c[stages - 1] === 1 &&
    tableau.b.every((weight, i) => weight === (tableau.a[stages - 1][i] ?? 0));
  return {
    name: tableau.name,
    order: tableau.order,
    stages,
    firstSameAsLast,
    tableau,
    step(f, t, y, h, options = {}) {
      const { structure } = tree.flatten(y);
      const field = fieldOf(f, structure, undefined);
      const first = options.first === undefined ? undefined : stateOf(options.first);
      const result = leafStep(tableau, field, t, stateOf(y), h, first);
      const rebuild = (state: State) => tree.unflatten(structure, state) as typeof y;
      return {
        y: rebuild(result.next),
        ...(result.error ? { error: rebuild(result.error) } : {}),
        ...(firstSameAsLast ? { last: rebuild(result.stages[stages - 1]) } : {}),
      };
    },
  };
}

/** Sums of exact fractions may be off by some rounding. */
const roundingOfSums = 1e-9;

function checkTableau({ name, a, b, c, errorWeights, dense }: Tableau): void {
  const stages = b.length;
  const expect = (holds: boolean, what: string): void => {
    if (!holds) throw new ArgumentError(`rungeKutta: the tableau of ${name} needs ${what}. Check its entries.`);
  };
  const sum = (weights: readonly number[]): number => weights.reduce((total, weight) => total + weight, 0);
  const near = (x: number, y: number): boolean => Math.abs(x - y) <= roundingOfSums;
  expect(
    stages > 0 && a.length === stages && c.length === stages,
    `as many rows of a and entries of c as of b (${stages})`,
  );
  a.forEach((row, i) => {
    expect(row.length <= i, `at most ${i} entries in row ${i} of a, which has ${row.length}`);
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

export function leafStep(tableau: Tableau, field: Field, t: Tensor, state: State, h: Tensor, first?: State): LeafStep {
  const stages: State[] = [];
  for (const [i, row] of tableau.a.entries()) {
    if (i === 0) stages.push(first ?? field(t, state));
    else stages.push(field(t.add(h.mul(tableau.c[i])), advance(state, h, row, stages)));
  }
  return {
    next: advance(state, h, tableau.b, stages),
    stages,
    error: tableau.errorWeights ? increment(state, h, tableau.errorWeights, stages) : null,
  };
}

/** `h sum_i weights_i stages_i`, leaf by leaf. */
export function increment(state: State, h: Tensor, weights: readonly number[], stages: readonly State[]): State {
  return state.map((leaf, n) => {
    let sum: Tensor | null = null;
    for (const [i, weight] of weights.entries()) {
      if (weight === 0) continue;
      const term = weight === 1 ? stages[i][n] : stages[i][n].mul(weight);
      sum = sum ? sum.add(term) : term;
    }
    return sum ? sum.mul(h.astype(leaf.dtype)) : leaf.mul(0);
  });
}

const advance = (state: State, h: Tensor, weights: readonly number[], stages: readonly State[]): State =>
  increment(state, h, weights, stages).map((change, n) => state[n].add(change));
