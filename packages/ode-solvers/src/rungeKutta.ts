import { advance, densePolynomial, increment } from './polynomial.ts';
import { type LeafStep, type OdeSolver, type StepTask, solverOf, timeAt } from './solver.ts';
import type { State } from './state.ts';
import { checkTableau, endsInLastStage, type Tableau } from './tableau.ts';

/**
 * The solver of an explicit tableau.
 *
 * @throws ArgumentError for a tableau that is not an explicit, consistent one: stage i takes at most i weights that sum
 * to c_i, and the b_i sum to 1.
 */
export function rungeKutta(tableau: Tableau): OdeSolver {
  checkTableau('rungeKutta', tableau, (row) => row);
  const stages = tableau.b.length;
  const firstSameAsLast = endsInLastStage(tableau);
  return solverOf(
    {
      name: tableau.name,
      order: tableau.order,
      errorOrder: tableau.errorWeights ? (tableau.errorOrder ?? tableau.order) : null,
      stages,
      firstSameAsLast,
      implicit: false,
      denseLength: tableau.dense ? tableau.dense[0].length + 1 : 0,
      beginsWithSlope: true,
      allowsMass: false,
      history: 0,
      tableau,
    },
    (task) => explicitStep(tableau, firstSameAsLast, task),
  );
}

function explicitStep(tableau: Tableau, firstSameAsLast: boolean, task: StepTask): LeafStep {
  const { field, span, state, first } = task;
  const slopes: State[] = [];
  for (const [i, row] of tableau.a.entries()) {
    if (i === 0) slopes.push(first ?? field(span.start, state));
    else slopes.push(field(timeAt(span, tableau.c[i]), advance(state, span.h, row, slopes)));
  }
  const { dense, errorWeights, b } = tableau;
  return {
    next: advance(state, span.h, b, slopes),
    error: errorWeights ? increment(state, span.h, errorWeights, slopes) : null,
    first: slopes[0],
    last: firstSameAsLast ? slopes[slopes.length - 1] : null,
    polynomial: dense ? () => densePolynomial(dense, state, span.h, slopes) : null,
    evaluations: slopes.length - (first ? 1 : 0),
    solved: null,
  };
}
