import {
  concat,
  cond,
  customJvp,
  scan,
  stopGradient,
  type Tensor,
  tree,
  where,
  whileLoop,
} from '@flowfield/tensor-webgpu';
import { type Carry, type Engine, type EngineOptions, engineOf, type Last } from './engine.ts';
import type { Log } from './log.ts';
import { denseOf, savedFrom, trajectoryOf } from './logged.ts';
import { evaluatePolynomial } from './polynomial.ts';
import type { LeafProblem, LeafSolution } from './problem.ts';
import { compacted } from './rows.ts';
import type { State } from './state.ts';

export interface AdaptiveOptions extends Omit<EngineOptions, 'keepsLast' | 'capacity' | 'probes' | 'countsTangents'> {
  /** Run `maxSteps` rounds of a loop that reverse mode can pass, instead of stopping at the end. */
  readonly reverseMode: boolean;
  readonly checkpoint: boolean;
  /** The errors of derivatives count where derivatives are taken. */
  readonly derivativeError: boolean;
  /** Nothing of the solve can be differentiated: it runs outside of any transform. */
  readonly isConstant: boolean;
}

/** Steps of controlled size from t0 to t1, as one loop of one program. */
export function solveAdaptive(problem: LeafProblem, options: AdaptiveOptions): LeafSolution {
  return options.reverseMode ? solveByRounds(problem, options) : solveByLoop(problem, options);
}

const advice = {
  reverseMode:
    'solveOde: reverse mode cannot pass an adaptive solve, whose number of steps is unknown. Give reverseMode: true with a small maxSteps, ' +
    "or adjoint: 'backsolve', or fix the steps with steps, step or grid; forward mode (jvp, jacfwd) passes as it is.",
};

function solveByLoop(problem: LeafProblem, options: AdaptiveOptions): LeafSolution {
  const plain = runLoop(problem, options, 'values');
  if (!options.derivativeError || options.control === null || options.isConstant) return plain;
  return problem.keep === 'end'
    ? withTangentsOf(plain, runLoop(problem, options, 'tangents'))
    : whereMoving(plain, runLoop(problem, options, 'probe'));
}

function runLoop(problem: LeafProblem, options: AdaptiveOptions, counts: Counted): LeafSolution {
  const engine = loopEngine(problem, options, options.maxSteps, counts);
  const start = engine.start();
  if (!options.clock.saved) {
    const end = whileLoop(engine.goesOn, engine.attempt, start, advice);
    return solutionOf(problem, options, engine, end, end.log, null);
  }
  const goals = goalsOf(options, engine.forward);
  // Beyond the last saved time there may be more to go.
  const all = concat([goals, options.clock.span.expandDims(0)], 0);
  const [end, { states, reached }] = scan<Carry, Tensor, Reached>(
    (carry, goal) => {
      const open = (now: Carry): Tensor => engine.goesOn(now).logicalAnd(isBefore(engine, now, goal));
      const there = whileLoop(open, engine.attempt, carry, advice);
      return [there, stateAt(problem, engine, there, goal)];
    },
    start,
    all,
  );
  const wanted = (rows: Tensor): Tensor => rows.slice([0, goals.shape[0]]);
  return solutionOf(problem, options, engine, end, null, {
    states: states.map(wanted),
    count: wanted(reached).astype('i32').sum(),
  });
}

/**
 * The values of one solve with the tangents of another, whose steps are small enough for these too. Where nothing is
 * differentiated the other is not computed.
 */
function withTangentsOf(plain: LeafSolution, exact: LeafSolution): LeafSolution {
  const all = (values: State, from: State): State => values.map((value, n) => graft(value, from[n]));
  return {
    ...plain,
    state: all(plain.state, exact.state),
    t: graft(plain.t, exact.t),
    saved: plain.saved && { ...plain.saved, states: all(plain.saved.states, exact.saved!.states) },
    events: plain.events && {
      ...plain.events,
      times: graft(plain.events.times, exact.events!.times),
      states: all(plain.events.states, exact.events!.states),
    },
  };
}

/** The first, with the tangent of the second. */
const graft: (value: Tensor, from: Tensor) => Tensor = customJvp(
  (value: Tensor, _from: Tensor) => value,
  ([value], [_, moved]) => [value, moved],
);

/**
 * The first solution; where a derivative is taken, the second with its own tangents. Rows of steps belong to their steps, so
 * that values and tangents have to come from one solve.
 */
const whereMoving: (plain: LeafSolution, probed: LeafSolution) => LeafSolution = customJvp(
  (plain: LeafSolution, _probed: LeafSolution) => plain,
  ([, probed], [, moved]) => [probed, moved],
);

/** Whose errors count in the choice of the steps, beside those of the values. */
type Counted = 'values' | 'tangents' | 'probe';

/** The engine of a solve without reverse mode. */
export const loopEngine = (
  problem: LeafProblem,
  options: AdaptiveOptions,
  capacity: number,
  counts: Counted = 'values',
): Engine =>
  engineOf(problem, {
    ...options,
    keepsLast: options.clock.saved !== null,
    capacity: options.clock.saved ? 0 : capacity,
    probes: counts === 'probe',
    countsTangents: counts === 'tangents',
  });

export interface Reached {
  readonly states: State;
  readonly reached: Tensor;
}

/** The distances of the saved times from t0; a time outside by rounding is the end. */
export function goalsOf({ clock }: Pick<AdaptiveOptions, 'clock'>, forward: Tensor): Tensor {
  const offsets = clock.saved!.offsets;
  const along = offsets.mul(forward);
  const length = clock.span.abs();
  const held = where(along.greater(length), clock.span, clock.span.mul(0));
  return where(along.greaterEqual(0).logicalAnd(along.lessEqual(length)), offsets, stopGradient(held));
}

/** Whether a solve has not yet come to a goal. It takes a step even for t0, whose slope its interpolant then has. */
export const isBefore = ({ forward }: Engine, carry: Carry, goal: Tensor): Tensor =>
  goal.sub(carry.offset).mul(forward).greater(0).logicalOr(carry.accepted.equal(0));

/** The state at a goal that the last step has passed; else the last good state. */
export function stateAt({ project }: LeafProblem, { forward }: Engine, carry: Carry, goal: Tensor): Reached {
  const last = carry.last as Last;
  const reached = goal.sub(carry.offset).mul(forward).lessEqual(0).logicalAnd(carry.accepted.greater(0));
  const theta = goal.sub(last.offset).div(where(last.h.equal(0), 1, last.h));
  const states = evaluatePolynomial(last.polynomial, where(reached, theta, 1));
  const kept = states.map((leaf, n) => where(reached, leaf, carry.state[n]));
  return { states: project ? project(kept) : kept, reached };
}

function solveByRounds(problem: LeafProblem, options: AdaptiveOptions): LeafSolution {
  const { clock, maxSteps, checkpoint } = options;
  const keep = clock.saved ? 'dense' : problem.keep;
  const engine = engineOf(
    { ...problem, keep },
    {
      ...options,
      keepsLast: false,
      capacity: 1,
      probes: options.derivativeError && options.control !== null,
      countsTangents: false,
    },
  );
  const round = (now: Carry): [Carry, Log | null] => {
    const next = cond(engine.goesOn(now), engine.attempt, (same: Carry) => same, now);
    if (!next.log) return [next, null];
    const emptied = { ...next.log, used: next.log.used.mul(0) };
    return [{ ...next, log: emptied }, tree.map((rows: Tensor) => (rows.ndim === 0 ? rows : rows.slice(0)), next.log)];
  };
  const [end, rows] = scan<Carry, null, Log | null>(round, engine.start(), null, { length: maxSteps, checkpoint });
  const log = rows && compacted(rows, rows.used);
  if (!clock.saved) return solutionOf(problem, options, engine, end, log, null);
  const dense = denseOf({ ...problem, keep }, clock, end, log as Log);
  return solutionOf(
    problem,
    options,
    engine,
    end,
    null,
    savedFrom(problem, dense, goalsOf(options, engine.forward), end, engine.forward),
  );
}

/** A solution from where the solve stands and what it wrote down; `count` rows of the log are in use. */
export function solutionOf(
  problem: LeafProblem,
  { clock }: Pick<AdaptiveOptions, 'clock'>,
  { forward }: Engine,
  end: Carry,
  log: Log | null,
  saved: LeafSolution['saved'],
): LeafSolution {
  return {
    state: end.state,
    t: end.t,
    h: end.h.mul(forward),
    code: end.code,
    accepted: end.accepted,
    rejected: end.rejected,
    nfe: end.evaluations,
    trajectory: log && problem.keep === 'steps' ? trajectoryOf(problem, clock, end, log) : null,
    dense: log && problem.keep === 'dense' ? denseOf(problem, clock, end, log) : null,
    saved,
    events: end.events?.record ?? null,
  };
}
