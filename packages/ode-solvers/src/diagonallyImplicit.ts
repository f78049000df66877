import type { Tensor } from '@flowfield/tensor-webgpu';
import { layoutOf } from './layout.ts';
import { newton } from './newton.ts';
import { advance, densePolynomial, increment } from './polynomial.ts';
import { type LeafStep, type OdeSolver, type StepTask, solverOf, timeAt } from './solver.ts';
import { changeSize, type ImplicitOptions, independentRowsOf, massOf, startJacobian, timesMass } from './stages.ts';
import type { State } from './state.ts';
import { checkTableau, endsInLastStage, type Tableau } from './tableau.ts';

/**
 * The solver of a diagonally implicit tableau: stage i solves `k_i = f(t + c_i h, y + h sum_{j <= i} a_ij k_j)` by
 * Newton's iteration with the Jacobian of f.
 *
 * @throws ArgumentError for a tableau that is not diagonally implicit and consistent: row i of a has at most i + 1
 * weights that sum to c_i, and the b_i sum to 1; and for unknown options.
 */
export function diagonallyImplicit(tableau: Tableau, options: ImplicitOptions = {}): OdeSolver {
  checkTableau('diagonallyImplicit', tableau, (row) => row + 1);
  const independentRows = independentRowsOf(tableau.name, options);
  const explicitFirst = tableau.a[0].length === 0;
  return solverOf(
    {
      name: tableau.name,
      order: tableau.order,
      errorOrder: tableau.errorWeights ? (tableau.errorOrder ?? tableau.order) : null,
      stages: tableau.b.length,
      firstSameAsLast: explicitFirst && endsInLastStage(tableau),
      implicit: true,
      denseLength: tableau.dense ? tableau.dense[0].length + 1 : 0,
      beginsWithSlope: explicitFirst,
      allowsMass: !explicitFirst && tableau.dense !== undefined,
      history: 0,
      tableau,
    },
    (task) => implicitStep(tableau, independentRows, task),
  );
}

function implicitStep(tableau: Tableau, independentRows: boolean, task: StepTask): LeafStep {
  const { field, span, state, first } = task;
  const { dense, errorWeights, a, b, c } = tableau;
  const layout = layoutOf(state, independentRows);
  const jacobian = startJacobian(task, layout);
  const mass = massOf(task, layout);
  const slopes: State[] = [];
  let solved: Tensor | null = null;
  let evaluations: Tensor | number = 0;
  a.forEach((row, i) => {
    const base = advance(state, span.h, row.slice(0, i), slopes);
    const t = timeAt(span, c[i]);
    const weight = row[i] ?? 0;
    if (weight === 0) {
      slopes.push(i === 0 && first ? first : field(t, base));
      evaluations = plus(evaluations, i === 0 && first ? 0 : 1);
      return;
    }
    const reach = span.h.mul(weight).astype(layout.dtype);
    const stateAt = (k: Tensor): State => advance(base, span.h, [weight], [layout.state(k)]);
    const guess = slopes[i - 1] ?? first;
    const result = newton({
      residual: (k) => timesMass(task, k).sub(layout.vector(field(t, stateAt(k)))),
      matrix: (k) => mass.sub(layout.jacobian(field, t, stateAt(k)).mul(reach)),
      fixedMatrix: jacobian && mass.sub(jacobian.mul(reach)),
      start: guess ? layout.vector(guess) : layout.vector(state).mul(0),
      measure: (correction, k) =>
        changeSize(task, layout, correction.mul(reach), [layout.vector(stateAt(k)), k.mul(reach)]),
    });
    slopes.push(layout.state(result.x));
    solved = solved ? (solved as Tensor).logicalAnd(result.solved) : result.solved;
    evaluations = plus(evaluations, result.iterations);
  });
  return {
    next: advance(state, span.h, b, slopes),
    error: errorWeights ? increment(state, span.h, errorWeights, slopes) : null,
    first: a[0].length === 0 ? slopes[0] : null,
    last: endsInLastStage(tableau) && !task.mass ? slopes[slopes.length - 1] : null,
    polynomial: dense ? () => densePolynomial(dense, state, span.h, slopes) : null,
    evaluations,
    solved,
  };
}

const plus = (sum: Tensor | number, more: Tensor | number): Tensor | number =>
  typeof sum === 'number' ? (typeof more === 'number' ? sum + more : more.add(sum)) : sum.add(more);
