import { firstNonFinite, type Tensor } from '@flowfield/tensor-webgpu';
import { codeOf, OdeError } from './errors.ts';
import type { LeafProblem, LeafSolution } from './problem.ts';
import { numbersOf, type Reading } from './reading.ts';
import type { State } from './state.ts';

/** The error of a solve that stopped early. For a state that is not finite, its step is repeated to find the row. */
export function* failureOf(solved: LeafSolution, problem: LeafProblem, fixed: boolean): Reading<OdeError> {
  const [code, time, step] = yield* numbersOf([solved.code, solved.t, solved.h]);
  if (code !== codeOf('nonFinite')) return new OdeError({ code, time, step });
  const { field, solver, state, mass } = problem;
  const { t } = solved;
  // An adaptive solve has already halved the step that failed.
  const h = fixed ? solved.h : solved.h.mul(2);
  const row = yield* firstBadRow(field(t, state));
  if (row !== undefined) return new OdeError({ code, time, step, row });
  const span = { start: t, end: t.add(h), h };
  const { next } = solver.leafStep({ field, span, state, first: null, tolerances: null, mass });
  return new OdeError({ code, time, step, row: yield* firstBadRow(next) });
}

/** The first index along axis 0 at which some leaf is not finite; `undefined` unless all leaves share that axis. */
function* firstBadRow(state: State): Reading<number | undefined> {
  const [rows] = state.map((leaf) => leaf.shape[0]);
  if (rows === undefined || state.some((leaf) => leaf.shape[0] !== rows)) return undefined;
  const read = yield state;
  const bad = read.flatMap((values) => {
    const at = firstNonFinite(values);
    return at < 0 ? [] : [Math.floor(at / (values.length / rows))];
  });
  return bad.length > 0 ? Math.min(...bad) : undefined;
}

/**
 * Throws `OdeError` unless the solution reached its end. For solutions that left a `jit`, or of `solveOde` on a device that
 * answers by promises; `solveOde` itself throws where it can, `solveOdeAsync` always.
 */
export async function checkSolution(solution: {
  readonly code: Tensor;
  readonly t: Tensor;
  readonly h: Tensor;
}): Promise<void> {
  const [code, time, step] = await Promise.all(
    [solution.code, solution.t, solution.h].map(async (value) => (await value.data())[0]),
  );
  if (code !== 0) throw new OdeError({ code, time, step });
}
