import {
  cond,
  dynamicUpdateSlice,
  full,
  maximum,
  scan,
  stopGradient,
  type Tensor,
  where,
  whileLoop,
  zerosLike,
} from '@flowfield/tensor-webgpu';
import { codeOf } from './errors.ts';
import { coefficientCount, evaluatePolynomial, interpolant, type Polynomial } from './interpolation.ts';
import { padRows } from './padding.ts';
import type { LeafProblem, LeafSolution } from './problem.ts';
import { leafStep } from './rungeKutta.ts';
import type { State } from './state.ts';
import { firstStep, scaledNorm, stepFactor, type Tolerances } from './stepControl.ts';

export interface AdaptiveOptions extends Tolerances {
  readonly t0: Tensor;
  readonly t1: Tensor;
  /** Attempts allowed, accepted and rejected together. */
  readonly maxSteps: number;
  /** Positive sizes; `null` chooses. */
  readonly firstStep: number | null;
  readonly minStep: number | null;
  /** Times [m] at which to return the state, in the direction of the solve. */
  readonly times: Tensor | null;
  /** Run `maxSteps` rounds of a loop that reverse mode can pass, instead of stopping at the end. */
  readonly reverseMode: boolean;
  readonly checkpoint: boolean;
}

interface Last {
  readonly t: Tensor;
  readonly h: Tensor;
  readonly polynomial: Polynomial;
}

interface Log {
  readonly times: Tensor;
  readonly states: State | null;
  readonly sizes: Tensor;
  readonly polynomial: Polynomial | null;
}

interface Carry {
  readonly t: Tensor;
  readonly state: State;
  readonly slope: State;
  /** The size of the next attempt, positive. */
  readonly h: Tensor;
  readonly previousError: Tensor;
  /** The attempt before was rejected. */
  readonly again: Tensor;
  readonly code: Tensor;
  readonly accepted: Tensor;
  readonly rejected: Tensor;
  readonly last: Last | null;
  readonly log: Log | null;
}

const spacing = { f32: 2 ** -23, f64: 2 ** -52 };
/** Below this many units in the last place of the times, a step no longer moves time reliably. */
const smallestUnits = 16;
/** A step that would leave less than this share of itself before the end is stretched to reach it. */
const stretch = 1.01;

/** Steps of controlled size from t0 to t1. No derivative flows through the choice of the step sizes. */
export function solveAdaptive(problem: LeafProblem, options: AdaptiveOptions): LeafSolution {
  const { field, solver, state, project, keep, timeType } = problem;
  const { t0, t1, maxSteps, times } = options;
  const reuses = solver.firstSameAsLast && !project;
  const span = stopGradient(t1.sub(t0).abs());
  const forward = where(t1.greaterEqual(t0), full([], 1, { dtype: timeType }), -1);
  const scale = stopGradient(maximum(maximum(t0.abs(), t1.abs()), span));
  const minStep =
    options.minStep === null ? scale.mul(smallestUnits * spacing[timeType]) : t0.mul(0).add(options.minStep);

  const attempt = (carry: Carry): Carry => {
    const remaining = t1.sub(carry.t);
    const final = carry.h.mul(stretch).greaterEqual(remaining.abs());
    const h = where(final, remaining, carry.h.mul(forward));
    const step = leafStep(solver.tableau, field, carry.t, carry.state, h, carry.slope);
    const next = project ? project(step.next) : step.next;
    const end = where(final, t1, carry.t.add(h));
    const slope = reuses ? step.stages[solver.stages - 1] : field(end, next);
    const [error, before, after] = stopGradient([step.error as State, carry.state, next]);
    const size = scaledNorm(error, [before, after], options, timeType);
    const finite = size.isFinite();
    const accept = size.lessEqual(1);
    const factor = stepFactor(solver, {
      error: size,
      previous: carry.previousError,
      accept,
      finite,
      again: carry.again,
    });
    const nextSize = stopGradient(h).abs().mul(factor);
    const choose = (yes: State, no: State): State => yes.map((leaf, n) => where(accept, leaf, no[n]));
    const arrived = accept.logicalAnd(final);
    const exhausted = carry.accepted
      .add(carry.rejected)
      .greaterEqual(maxSteps - 1)
      .logicalAnd(arrived.logicalNot());
    const stuck = accept.logicalNot().logicalAnd(nextSize.less(minStep));
    const polynomial =
      carry.last || keep === 'dense'
        ? interpolant(solver, carry.state, h, step, { next, slope, projected: project !== null })
        : null;
    return {
      t: where(accept, end, carry.t),
      state: choose(next, carry.state),
      slope: choose(slope, carry.slope),
      h: nextSize,
      previousError: where(accept, maximum(size, 1e-4), carry.previousError),
      again: accept.logicalNot(),
      code: where(
        stuck,
        where(finite, full([], codeOf('stepUnderflow'), { dtype: 'i32' }), codeOf('nonFinite')),
        where(exhausted, codeOf('maxSteps'), carry.code),
      ),
      accepted: carry.accepted.add(accept.astype('i32')),
      rejected: carry.rejected.add(accept.logicalNot().astype('i32')),
      last: carry.last && {
        t: where(accept, carry.t, carry.last.t),
        h: where(accept, h, carry.last.h),
        polynomial: (polynomial as Polynomial).map((power, j) => choose(power, (carry.last as Last).polynomial[j])),
      },
      // Row `accepted` is written again until a step is accepted.
      log: carry.log && {
        times: write(carry.log.times, end, carry.accepted.add(1)),
        sizes: write(carry.log.sizes, h, carry.accepted),
        states: carry.log.states && next.map((leaf, n) => write(carry.log!.states![n], leaf, carry.accepted.add(1))),
        polynomial:
          carry.log.polynomial &&
          (polynomial as Polynomial).map((power, j) =>
            power.map((leaf, n) => write(carry.log!.polynomial![j][n], leaf, carry.accepted)),
          ),
      },
    };
  };

  const slope = field(t0, state);
  const startNorm = scaledNorm(stopGradient(slope), [stopGradient(state)], options, timeType);
  const chosen = options.firstStep === null;
  const zero = full([], 0, { dtype: 'i32' });
  const constant = (): Polynomial =>
    Array.from({ length: coefficientCount(solver, project !== null) }, (_, j) =>
      j === 0 ? state : state.map((leaf) => zerosLike(leaf)),
    );
  const rows = (leaf: Tensor, count: number): Tensor => full([count, ...leaf.shape], 0, { dtype: leaf.dtype });
  const start: Carry = {
    t: t0,
    state,
    slope,
    h: chosen
      ? firstStep(solver, field, { t: t0, state, slope, forward, span }, options, timeType)
      : t0.mul(0).add(options.firstStep as number),
    previousError: full([], 1e-4, { dtype: timeType }),
    again: full([], false),
    code: where(startNorm.isFinite(), zero, codeOf('nonFinite')),
    accepted: zero,
    rejected: zero,
    last: times ? { t: t0, h: t0.mul(0).add(1), polynomial: constant() } : null,
    log:
      keep === 'end'
        ? null
        : {
            times: write(rows(t0, maxSteps + 1), t0, zero),
            sizes: rows(t0, maxSteps),
            states: keep === 'steps' ? state.map((leaf) => write(rows(leaf, maxSteps + 1), leaf, zero)) : null,
            polynomial: keep === 'dense' ? constant().map((power) => power.map((leaf) => rows(leaf, maxSteps))) : null,
          },
  };

  const ahead = (carry: Carry, goal: Tensor): Tensor =>
    goal.sub(carry.t).mul(forward).greater(0).logicalAnd(carry.code.equal(0));
  const run = (carry: Carry, goal: Tensor): Carry => {
    if (!options.reverseMode) return whileLoop((now) => ahead(now, goal), attempt, carry);
    const round = (now: Carry): [Carry, null] => [cond(ahead(now, goal), attempt, (same: Carry) => same, now), null];
    return scan<Carry, null, null>(round, carry, null, { length: maxSteps, checkpoint: options.checkpoint })[0];
  };

  let end: Carry;
  let saved: State | null = null;
  if (times) {
    [end, saved] = scan<Carry, Tensor, State>(
      (carry, time) => {
        const there = run(carry, time);
        const last = there.last as Last;
        // After a failure every later time gets the last good state.
        const theta = where(there.code.equal(0), time.sub(last.t).div(last.h), 1);
        const states = evaluatePolynomial(last.polynomial, theta);
        return [there, project ? project(states) : states];
      },
      start,
      times,
    );
  } else end = run(start, t1);

  const attempts = end.accepted.add(end.rejected);
  return {
    state: end.state,
    t: end.t,
    h: end.h.mul(forward),
    code: end.code,
    accepted: end.accepted,
    rejected: end.rejected,
    nfe: attempts.mul(solver.stages - (reuses ? 1 : 0)).add(chosen ? 2 : 1),
    trajectory: end.log?.states ? padded(end, end.log.times, end.log.states) : null,
    dense: end.log?.polynomial
      ? {
          starts: padRows(end.log.times.slice([0, maxSteps]), end.t, end.accepted),
          sizes: padRows(end.log.sizes, zerosLike(end.t), end.accepted),
          count: end.accepted,
          polynomial: end.log.polynomial.map((power, j) =>
            power.map((rows, n) => padRows(rows, j === 0 ? end.state[n] : zerosLike(end.state[n]), end.accepted)),
          ),
        }
      : null,
    saved,
  };
}

const write = (buffer: Tensor, row: Tensor, at: Tensor): Tensor =>
  dynamicUpdateSlice(buffer, row.expandDims(0), [at, ...row.shape.map(() => 0)]);

function padded(end: Carry, times: Tensor, states: State): { times: Tensor; states: State } {
  const used = end.accepted.add(1);
  return {
    times: padRows(times, end.t, used),
    states: states.map((leaf, n) => padRows(leaf, end.state[n], used)),
  };
}
