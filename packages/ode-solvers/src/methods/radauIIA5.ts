import { concat, type Tensor } from '@flowfield/tensor-webgpu';
import { type Layout, layoutOf, solveLinear } from '../layout.ts';
import { newton } from '../newton.ts';
import { advance, densePolynomial } from '../polynomial.ts';
import { remembered } from '../remembered.ts';
import { type LeafStep, type OdeSolver, type StepTask, solverOf, timeAt } from '../solver.ts';
import { changeSize, type ImplicitOptions, independentRowsOf, massOf, startJacobian, timesMass } from '../stages.ts';
import type { State } from '../state.ts';

const root6 = Math.sqrt(6);
const c = [(4 - root6) / 10, (4 + root6) / 10, 1];
const a = [
  [(88 - 7 * root6) / 360, (296 - 169 * root6) / 1800, (-2 + 3 * root6) / 225],
  [(296 + 169 * root6) / 1800, (88 + 7 * root6) / 360, (-2 - 3 * root6) / 225],
  [(16 - root6) / 36, (16 + root6) / 36, 1 / 9],
];

/** The inverse of the real eigenvalue of a^-1: the weight of f at the start in the error estimate. */
const gamma0 = (6 + Math.cbrt(81) - Math.cbrt(9)) / 30;

const others = [0, 1, 2].map((i) => c.filter((_, j) => j !== i));
const nodes = others.map(([p, q], i) => ({ sum: p + q, product: p * q, scale: (c[i] - p) * (c[i] - q) }));
/** Integrals of the Lagrange polynomials of the nodes: the collocation polynomial. */
const dense = nodes.map(({ sum, product, scale }) => [product / scale, -sum / 2 / scale, 1 / 3 / scale]);
/** With gamma0 f(t0, y0) they make a quadrature of order 3, minus the weights of the method. */
const errorWeights = nodes.map(({ product, scale }) => (-gamma0 * product) / scale);

/**
 * Radau IIA with three stages: order 5, L-stable, fully implicit; for stiff systems at high accuracy, and for
 * `M y' = f` with a singular M of index 1. Error estimate of order 3, dense output of order 3 by its collocation
 * polynomial (Hairer and Wanner, Solving ODEs II, IV.5 and IV.8).
 */
export const radauIIA5 = remembered((options: ImplicitOptions = {}): OdeSolver => {
  const independentRows = independentRowsOf('radauIIA5', options);
  return solverOf(
    {
      name: 'radauIIA5',
      order: 5,
      errorOrder: 4,
      stages: 3,
      firstSameAsLast: true,
      implicit: true,
      denseLength: 4,
      beginsWithSlope: true,
      allowsMass: true,
      history: 0,
    },
    (task) => radauStep(independentRows, task),
  );
});

function radauStep(independentRows: boolean, task: StepTask): LeafStep {
  const { field, span, state, tolerances } = task;
  const layout = layoutOf(state, independentRows);
  const { vector, size } = layout;
  const mass = massOf(task, layout);
  const h = span.h.astype(layout.dtype);
  const times = c.map((at) => timeAt(span, at));
  const part = (all: Tensor, i: number): Tensor => all.slice(...wholeRows(all), [i * size, (i + 1) * size]);
  const slopesOf = (all: Tensor): State[] => c.map((_, i) => layout.state(part(all, i)));
  const statesOf = (all: Tensor): State[] => a.map((row) => advance(state, span.h, row, slopesOf(all)));
  const join = (parts: readonly Tensor[]): Tensor => concat(parts, -1);
  /** Blocks `[i = j] M - h a_ij J_j`. */
  const blocks = (jacobians: readonly Tensor[]): Tensor =>
    concat(
      a.map((row, i) =>
        concat(
          row.map((weight, j) => {
            const block = jacobians[j].mul(h.mul(-weight));
            return i === j ? block.add(mass) : block;
          }),
          -1,
        ),
      ),
      -2,
    );
  const jacobian = startJacobian(task, layout);
  const still = vector(state).mul(0);
  const first = task.first ?? (tolerances ? field(span.start, state) : null);
  const guess = task.first && !task.mass ? vector(task.first) : still;
  const result = newton({
    residual: (all) => join(statesOf(all).map((y, i) => timesMass(task, part(all, i)).sub(vector(field(times[i], y))))),
    matrix: (all) => blocks(statesOf(all).map((y, i) => layout.jacobian(field, times[i], y))),
    fixedMatrix: jacobian && blocks([jacobian, jacobian, jacobian]),
    start: join([guess, guess, guess]),
    measure: (correction, all) => {
      const sum = (parts: Tensor): Tensor => [0, 1, 2].map((i) => part(parts, i).abs()).reduce((x, y) => x.add(y));
      return changeSize(task, layout, sum(correction).mul(h), [vector(state), sum(all).mul(h)]);
    },
  });
  const slopes = slopesOf(result.x);
  return {
    next: advance(state, span.h, a[2], slopes),
    error: first && jacobian && errorOf(task, layout, { first, jacobian, slopes, mass }),
    first,
    last: task.mass ? null : slopes[2],
    polynomial: () => densePolynomial(dense, state, span.h, slopes),
    evaluations: result.iterations.mul(3).add(first && !task.first ? 1 : 0),
    solved: result.solved,
  };
}

const wholeRows = (all: Tensor): [number, number][] => (all.ndim === 1 ? [] : [[0, all.shape[0]]]);

/** `(M - h gamma0 J)^-1 h (gamma0 f(t0, y0) + M sum e_i k_i)`, which stays small for stiff components. */
function errorOf(
  task: StepTask,
  layout: Layout,
  { first, jacobian, slopes, mass }: { first: State; jacobian: Tensor; slopes: readonly State[]; mass: Tensor },
): State {
  const h = task.span.h.astype(layout.dtype);
  const sum = slopes.map((k, i) => layout.vector(k).mul(errorWeights[i])).reduce((x, y) => x.add(y));
  const raw = layout.vector(first).mul(gamma0).add(timesMass(task, sum)).mul(h);
  return layout.state(solveLinear(mass.sub(jacobian.mul(h.mul(gamma0))), raw));
}
