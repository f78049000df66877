import {
  closureConvert,
  concat,
  customVjp,
  flip,
  full,
  scan,
  type Tensor,
  tree,
  vjp,
  where,
  zerosLike,
} from '@flowfield/tensor-webgpu';
import { type AdaptiveOptions, solveAdaptive } from './adaptiveSteps.ts';
import type { Clock } from './clock.ts';
import { codeOf } from './errors.ts';
import { solveFixed } from './fixedSteps.ts';
import type { LeafProblem, LeafSolution } from './problem.ts';
import { type Field, isFloat, type State } from './state.ts';
import { fail } from './times.ts';

/** A solve whose reverse mode is a solve of the adjoint equation, backwards. */
export interface Backsolve {
  readonly field: Field;
  problem(state: State): LeafProblem;
  readonly clock: Clock;
  run(clock: Clock): AdaptiveOptions;
  /** The steps are fixed. */
  readonly scanned: boolean;
}

/** The state, the adjoint `dL/dy` and the sum `dL/dp` so far. */
interface Augmented {
  readonly y: State;
  readonly adjoint: State;
  readonly sum: State;
}

interface Sums {
  readonly adjoint: State;
  readonly sum: State;
  readonly code: Tensor;
}

/** The way back has a part of the tolerance, for each element: the sums add up what its steps leave. */
const backwardShare = 0.1;

/** A part of the way back, from one saved time to the one before. */
interface Piece {
  readonly from: Tensor;
  /** The distance of `from` from t0. */
  readonly offset: Tensor;
  readonly to: Tensor;
  readonly span: Tensor;
}

interface Residuals {
  readonly solution: LeafSolution;
  readonly state: State;
  readonly values: State;
  readonly at: Clock;
}

/**
 * Solves forwards; reverse mode solves `y' = f`, `a' = -(df/dy)ᵀ a`, `g' = -(df/dp)ᵀ a` for all values p that f uses, backwards from the end, with `a`
 * raised by the cotangent of each saved state, from which y starts anew (Chen et al. 2018, appendix B). A backward solve
 * that fails makes the derivatives NaN.
 */
export function solveBacksolve(task: Backsolve, initial: State): LeafSolution {
  const { clock, scanned } = task;
  if (scanned && clock.saved)
    fail(
      "adjoint 'backsolve' with fixed steps saves the end only. Leave saveAt.ts out, or let the solver choose the steps.",
    );
  // What f takes from outside is made its argument; values in memory do not move.
  const [bare, captured] = closureConvert(task.field, clock.t0, initial);
  const moves = captured.map((value) => isFloat(value) && value.device === undefined);
  const floats = captured.filter((_, i) => moves[i]);
  const fieldWith =
    (values: State): Field =>
    (t, state) => {
      let next = 0;
      return bare(t, state, ...captured.map((value, i) => (moves[i] ? values[next++] : value))) as State;
    };
  const forward = (state: State, values: State, at: Clock): LeafSolution => {
    const problem = { ...task.problem(state), field: fieldWith(values) };
    return scanned ? solveFixed(problem, at, false) : solveAdaptive(problem, task.run(at));
  };
  const solve = customVjp(
    forward,
    (state: State, values: State, at: Clock): [LeafSolution, Residuals] => {
      const solution = forward(state, values, at);
      return [solution, { solution, state, values, at }];
    },
    ({ solution, state, values, at }, cotangent) => backwards(solution, state, values, at, cotangent),
  );
  return solve(initial, floats, clock);

  function backwards(
    solution: LeafSolution,
    state: State,
    values: State,
    at: Clock,
    cotangent: LeafSolution,
  ): [State, State, Clock] {
    const dot = (slopes: State, adjoint: State): Tensor =>
      slopes
        .map((slope, n) =>
          slope
            .mul(adjoint[n])
            .sum()
            .astype(at.t0.dtype as 'f64'),
        )
        .reduce((a, b) => a.add(b));
    const field = fieldWith(values);
    const times = at.saved ?? { times: at.t1.expandDims(0), offsets: at.span.expandDims(0) };
    const states = solution.saved?.states ?? solution.state.map((leaf) => leaf.expandDims(0));
    const given = (cotangent.saved?.states ?? cotangent.state.map((leaf) => leaf.expandDims(0))) as State;
    const count = times.times.shape[0];
    const before = (all: Tensor, first: Tensor): Tensor =>
      count === 1 ? first.expandDims(0) : concat([first.expandDims(0), all.slice([0, count - 1])], 0);
    const pieces = {
      from: times.times,
      offset: times.offsets,
      to: before(times.times, at.t0),
      span: before(times.offsets, at.span.mul(0)).sub(times.offsets),
      y: states,
      given,
    };
    const start: Sums = {
      adjoint: state.map((leaf) => zerosLike(leaf)),
      sum: values.map((leaf) => zerosLike(leaf)),
      code: full([], 0, { dtype: 'i32' }),
    };
    const [end, moved] = scan<Sums, typeof pieces, Tensor>(
      (sums, piece) => {
        const adjoint = sums.adjoint.map((leaf, n) => leaf.add(piece.given[n]));
        const slope = dot(field(piece.from, piece.y), piece.given);
        const solved = solvePiece({ y: piece.y, adjoint, sum: sums.sum }, values, piece, at);
        const next = {
          adjoint: solved.adjoint,
          sum: solved.sum,
          code: where(sums.code.equal(0), solved.code, sums.code),
        };
        return [next, slope];
      },
      start,
      pieces,
      { reverse: true },
    );
    const sound = end.code.equal(codeOf('success'));
    const safe = (leaf: Tensor): Tensor => where(sound, leaf, Number.NaN);
    const back = tree.map((leaf: Tensor) => zerosLike(leaf), at) as Clock;
    const atStart = dot(field(at.t0, state), end.adjoint).neg();
    return [
      end.adjoint.map(safe),
      end.sum.map(safe),
      {
        ...back,
        t0: safe(atStart),
        t1: at.saved ? back.t1 : safe(moved.slice(0)),
        ...(at.saved && back.saved ? { saved: { ...back.saved, times: safe(moved) } } : {}),
      },
    ];
  }

  function solvePiece(from: Augmented, values: State, piece: Piece, at: Clock): Augmented & { code: Tensor } {
    const [size, rest] = [from.y.length, 2 * from.y.length];
    const field: Field = (t, all) => {
      const [y, adjoint] = [all.slice(0, size), all.slice(size, rest)];
      const [slope, pull] = vjp((now: State, with_: State) => fieldWith(with_)(t, now) as Tensor[], y, values);
      const [byState, byArgs] = pull(adjoint.map((leaf) => leaf.neg()) as Tensor[]) as [State, State];
      return [...slope, ...byState, ...byArgs];
    };
    const problem: LeafProblem = {
      ...task.problem(from.y),
      field,
      state: [...from.y, ...from.adjoint, ...from.sum],
      keep: 'end',
      events: [],
    };
    const clock: Clock = {
      t0: piece.from,
      t1: piece.to,
      span: piece.span,
      saved: null,
      stops: at.stops && reversedStops(at.stops, piece),
      grid: at.grid && reversedGrid(at.grid),
      moves: false,
      good: null,
    };
    const options = task.run(clock);
    const { rtol, atol } = options.tolerances;
    const tolerances = { rtol: rtol * backwardShare, atol: atol * backwardShare, norm: 'max' as const };
    const solved = scanned
      ? solveFixed(problem, clock, false)
      : solveAdaptive(problem, { ...options, tolerances, firstStep: null });
    return {
      y: solved.state.slice(0, size),
      adjoint: solved.state.slice(size, rest),
      sum: solved.state.slice(rest),
      code: solved.code,
    };
  }
}

/** The forced times of a solve, seen from the start of a part of the way back. */
function reversedStops(stops: NonNullable<Clock['stops']>, { offset, to, span }: Piece): NonNullable<Clock['stops']> {
  const join = (inner: Tensor, end: Tensor): Tensor => concat([inner, end.expandDims(0)], 0);
  return {
    times: join(stops.times, to),
    offsets: join(stops.offsets.sub(offset), span),
    jumps: join(stops.jumps, span.mul(0)),
  };
}

const reversedGrid = ({ times, sizes }: NonNullable<Clock['grid']>): NonNullable<Clock['grid']> => ({
  times: flip(times, 0),
  sizes: flip(sizes, 0).neg(),
});
