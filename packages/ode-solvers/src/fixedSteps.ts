import { concat, expandDims, full, scan, type Tensor, where, zerosLike } from '@flowfield/tensor-webgpu';
import { codeOf } from './errors.ts';
import { interpolant, type Polynomial } from './interpolation.ts';
import { padRows } from './padding.ts';
import type { LeafProblem, LeafSolution } from './problem.ts';
import { leafStep } from './rungeKutta.ts';
import type { State } from './state.ts';

interface Carry {
  readonly state: State;
  /** f at the state, where the next step begins with it. */
  readonly slope: State | null;
  readonly code: Tensor;
  readonly t: Tensor;
  readonly h: Tensor;
  readonly accepted: Tensor;
}

interface Kept {
  readonly states: State | null;
  readonly polynomial: Polynomial | null;
}

/**
 * Steps along a grid of times [n + 1] by `scan`: differentiable in both modes. A step whose result is not finite is
 * not taken: the state stays the last good one and the code tells.
 */
export function solveFixed(problem: LeafProblem, grid: Tensor, checkpoint: boolean): LeafSolution {
  const { field, solver, state, project, keep } = problem;
  const count = grid.shape[0] - 1;
  const reuses = solver.firstSameAsLast && !project;
  const needsSlope = reuses || keep === 'dense';
  const t0 = grid.slice(0);
  const body = (carry: Carry, { t, end }: { t: Tensor; end: Tensor }): [Carry, Kept] => {
    const h = end.sub(t);
    const step = leafStep(solver.tableau, field, t, carry.state, h, carry.slope ?? undefined);
    const next = project ? project(step.next) : step.next;
    const slope = needsSlope ? (reuses ? step.stages[solver.stages - 1] : field(end, next)) : null;
    const good = next
      .map((leaf) => leaf.isFinite().all())
      .reduce((a, b) => a.logicalAnd(b))
      .logicalAnd(carry.code.equal(0));
    const choose = (yes: State, no: State): State => yes.map((leaf, n) => where(good, leaf, no[n]));
    const moved: Carry = {
      state: choose(next, carry.state),
      slope: slope && carry.slope ? choose(slope, carry.slope) : null,
      code: where(good, carry.code, codeOf('nonFinite')),
      t: where(good, end, carry.t),
      h: where(carry.code.equal(0), h, carry.h),
      accepted: carry.accepted.add(good.astype('i32')),
    };
    const polynomial =
      keep === 'dense' && slope
        ? interpolant(solver, carry.state, h, step, { next, slope, projected: project !== null })
        : null;
    return [moved, { states: keep === 'steps' ? moved.state : null, polynomial }];
  };
  const start: Carry = {
    state,
    slope: needsSlope ? field(t0, state) : null,
    code: zero(),
    t: t0,
    h: t0.mul(0),
    accepted: zero(),
  };
  const starts = grid.slice([0, count]);
  const ends = grid.slice([1, count + 1]);
  const [end, kept] = scan<Carry, { t: Tensor; end: Tensor }, Kept>(
    body,
    start,
    { t: starts, end: ends },
    { checkpoint },
  );
  const perStep = solver.stages - (needsSlope ? 1 : 0) + (needsSlope && !reuses ? 1 : 0);
  return {
    state: end.state,
    t: end.t,
    h: end.h,
    code: end.code,
    accepted: end.accepted,
    rejected: zero(),
    nfe: full([], perStep * count + (needsSlope ? 1 : 0), { dtype: 'i32' }),
    trajectory: kept.states && {
      times: grid,
      states: kept.states.map((leaf, n) => concat([expandDims(state[n], 0), leaf], 0)),
    },
    dense: kept.polynomial && {
      starts,
      sizes: ends.sub(starts),
      count: end.accepted,
      polynomial: kept.polynomial.map((power, j) =>
        power.map((rows, n) => padRows(rows, j === 0 ? end.state[n] : zerosLike(end.state[n]), end.accepted)),
      ),
    },
    saved: null,
  };
}

const zero = (): Tensor => full([], 0, { dtype: 'i32' });
