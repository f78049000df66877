import { concat, type Tensor } from '@flowfield/tensor-webgpu';
import type { Clock } from './clock.ts';
import { evaluateAt } from './dense.ts';
import type { Carry } from './engine.ts';
import type { Log } from './log.ts';
import type { LeafDense, LeafProblem, LeafSolution } from './problem.ts';
import { padRows } from './rows.ts';
import type { State } from './state.ts';

const withFirst = (first: Tensor, rows: Tensor): Tensor => concat([first.expandDims(0), rows], 0);

/** All states of the accepted steps, the first included; unused rows repeat the end. */
export function trajectoryOf(
  problem: LeafProblem,
  clock: Clock,
  end: Carry,
  log: Log,
): NonNullable<LeafSolution['trajectory']> {
  const used = end.accepted;
  return {
    times: withFirst(clock.t0, padRows(log.ends, end.t, used)),
    states: (log.states as State).map((rows, n) => withFirst(problem.state[n], padRows(rows, end.state[n], used))),
  };
}

/** The interpolants of the accepted steps; unused rows stand still at the end. */
export function denseOf(_problem: LeafProblem, clock: Clock, end: Carry, log: Log): LeafDense {
  const used = end.accepted;
  return {
    origin: clock.t0,
    starts: padRows(log.starts, end.t, used),
    offsets: padRows(log.offsets, end.offset, used),
    sizes: padRows(log.sizes, end.offset.mul(0), used),
    count: used,
    polynomial: log.polynomial!.map((power, j) =>
      power.map((rows, n) => padRows(rows, j === 0 ? end.state[n] : end.state[n].mul(0), used)),
    ),
  };
}

/** The states at given distances from t0, and how many of them the solve has reached. */
export function savedFrom(
  { project }: LeafProblem,
  { polynomial, ...rest }: LeafDense,
  goals: Tensor,
  end: { readonly offset: Tensor },
  forward: Tensor,
): NonNullable<LeafSolution['saved']> {
  const states = evaluateAt<State>({ ...rest, coefficients: polynomial }, goals);
  const reached = goals.mul(forward).lessEqual(end.offset.mul(forward));
  return { states: project ? project(states) : states, count: reached.astype('i32').sum() };
}
