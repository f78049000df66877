import { checkTensor, firstNonFinite, type Tensor } from '@flowfield/tensor-webgpu';
import { codeOf, OdeError } from './errors.ts';
import type { LeafProblem, LeafSolution } from './problem.ts';
import { numbersOf, type Reading } from './reading.ts';
import type { State } from './state.ts';

/** A step never ends in such a state, so that it is the one that was given. */
export const STATE_NOT_FINITE =
  'The state that the solve starts from holds NaN or infinity. Look for missing values or divisions by 0 before it.';

/** The error of a solve that stopped early. For a state that is not finite, its step is repeated to find the row. */
export function* failureOf(solved: LeafSolution, problem: LeafProblem, fixed: boolean): Reading<OdeError> {
  const [code, time, step] = yield* numbersOf([solved.code, solved.t, solved.h]);
  if (code !== codeOf('nonFinite')) return new OdeError({ code, time, step });
  const { field, solver, state, mass } = problem;
  const { t } = solved;
  const given = yield* firstBad(state);
  if (given) return new OdeError({ code, time, step, ...given, reason: STATE_NOT_FINITE });
  // An adaptive solve has already halved the step that failed.
  const h = fixed ? solved.h : solved.h.mul(2);
  const rate = yield* firstBad(field(t, state));
  if (rate) return new OdeError({ code, time, step, ...rate });
  const span = { start: t, end: t.add(h), h };
  const { next } = solver.leafStep({ field, span, state, first: null, tolerances: null, mass });
  return new OdeError({ code, time, step, ...(yield* firstBad(next)) });
}

/** Whether some leaf is not finite, and at which index along axis 0 first, if all leaves share that axis. */
export function* firstBad(state: State): Reading<{ row?: number } | undefined> {
  const read = yield state;
  const bad = read.map(firstNonFinite);
  if (bad.every((at) => at < 0)) return undefined;
  const [rows] = state.map((leaf) => leaf.shape[0]);
  if (rows === undefined || state.some((leaf) => leaf.shape[0] !== rows)) return {};
  const found = bad.flatMap((at, leaf) => (at < 0 ? [] : [Math.floor(at / (read[leaf].length / rows))]));
  return { row: Math.min(...found) };
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
  for (const name of ['code', 't', 'h'] as const) checkTensor('checkSolution', name, solution?.[name]);
  const [code, time, step] = await Promise.all(
    [solution.code, solution.t, solution.h].map(async (value) => (await value.data())[0]),
  );
  if (code !== 0) throw new OdeError({ code, time, step });
}
