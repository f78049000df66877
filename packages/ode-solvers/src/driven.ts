import { concat, full, jit, type Tensor, tree, whileLoop } from '@flowfield/tensor-webgpu';
import {
  type AdaptiveOptions,
  goalsOf,
  isBefore,
  loopEngine,
  type Reached,
  solutionOf,
  stateAt,
} from './adaptiveSteps.ts';
import type { Clock } from './clock.ts';
import type { Carry, Engine } from './engine.ts';
import { codeOf } from './errors.ts';
import { type FixedCarry, type FixedGrid, type FixedRun, fixedSolution, fixedStepper, joinKept } from './fixedSteps.ts';
import type { Log } from './log.ts';
import type { Progress } from './options.ts';
import type { LeafProblem, LeafSolution } from './problem.ts';
import { numbersOf, type Reading } from './reading.ts';
import type { State } from './state.ts';

/** What a solve that is run piece by piece tells, and how long the pieces are. */
export interface Watch {
  readonly onProgress: ((progress: Progress) => unknown) | null;
  /** Attempts in a piece. */
  readonly every: number;
}

/** Whether to stop, after telling how far the solve is. */
function* isStopped({ onProgress }: Watch, clock: Clock, at: FixedCarry | Carry): Reading<boolean> {
  if (!onProgress) return false;
  const asked = [clock.span, clock.t0, at.t, at.accepted, ...('rejected' in at ? [at.rejected] : [])];
  const [span, t0, t, accepted, rejected = 0] = yield* numbersOf(asked);
  const fraction = span === 0 ? 1 : Math.min(1, Math.max(0, (t - t0) / span));
  return onProgress({ t, fraction, accepted, rejected }) === false;
}

const stopped = (device: string | undefined): Tensor => full([], codeOf('stopped'), { dtype: 'i32', device });

/**
 * An adaptive solve in pieces of one compiled program, driven from outside: what it writes down takes the memory of the
 * steps taken, not of `maxSteps`, and a watcher sees it run.
 */
export function* solveAdaptiveDriven(
  problem: LeafProblem,
  options: AdaptiveOptions,
  watch: Watch,
): Reading<LeafSolution> {
  const { clock, maxSteps } = options;
  const capacity = Math.min(maxSteps, watch.every);
  const engineAt = (state: State, at: Clock): Engine =>
    loopEngine({ ...problem, state }, { ...options, clock: at }, capacity);
  const start = jit((state: State, at: Clock) => engineAt(state, at).start());
  const piece = jit((state: State, at: Clock, carry: Carry, limit: Tensor, goal: Tensor | null) => {
    const engine = engineAt(state, at);
    const from = carry.log ? { ...carry, log: { ...carry.log, used: carry.log.used.mul(0) } } : carry;
    const open = (now: Carry): Tensor => {
      const on = engine.goesOn(now).logicalAnd(now.accepted.add(now.rejected).less(limit));
      return goal ? on.logicalAnd(isBefore(engine, now, goal)) : on;
    };
    return whileLoop(open, engine.attempt, from);
  });
  const reading = jit((state: State, at: Clock, carry: Carry, goal: Tensor) =>
    stateAt(problem, engineAt(state, at), carry, goal),
  );
  const allGoals = jit((state: State, at: Clock) => goalsOf({ clock: at }, engineAt(state, at).forward));
  const isAhead = jit((state: State, at: Clock, now: Carry, goal: Tensor) => isBefore(engineAt(state, at), now, goal));
  const finish = jit((state: State, at: Clock, end: Carry, log: Log | null, saved: LeafSolution['saved']) =>
    solutionOf({ ...problem, state }, { clock: at }, engineAt(state, at), end, log, saved),
  );
  const rows: Log[] = [];
  let carry = start(problem.state, clock);
  const device = carry.t.device?.name;
  function* advance(goal: Tensor | null): Reading<void> {
    const limit = carry.accepted.add(carry.rejected).add(full([], watch.every, { dtype: 'i32', device }));
    carry = piece(problem.state, clock, carry, limit, goal);
    if (carry.log) {
      const [used] = yield* numbersOf([carry.log.used]);
      if (used > 0)
        rows.push(tree.map((leaf: Tensor) => (leaf.ndim === 0 ? leaf : leaf.slice([0, used])), carry.log) as Log);
    }
    if ((yield* isStopped(watch, clock, carry)) && (yield* isOpen())) carry = { ...carry, code: stopped(device) };
  }
  function* isOpen(): Reading<boolean> {
    const [code, done] = yield* numbersOf([carry.code, carry.done]);
    return code === 0 && done === 0;
  }
  function* isBeforeGoal(goal: Tensor): Reading<boolean> {
    const [ahead] = yield* numbersOf([isAhead(problem.state, clock, carry, goal)]);
    return ahead !== 0;
  }
  const reached: Reached[] = [];
  const goals = clock.saved ? allGoals(problem.state, clock) : null;
  for (let i = 0; goals && i < goals.shape[0]; i++) {
    const goal = goals.slice(i);
    while ((yield* isOpen()) && (yield* isBeforeGoal(goal))) yield* advance(goal);
    reached.push(reading(problem.state, clock, carry, goal));
  }
  while (yield* isOpen()) yield* advance(null);
  const saved = goals && {
    states: problem.state.map((_, n) =>
      concat(
        reached.map(({ states }) => states[n].expandDims(0)),
        0,
      ),
    ),
    count: reached.map(({ reached: is }) => is.astype('i32')).reduce((sum, more) => sum.add(more)),
  };
  return finish(problem.state, clock, carry, carry.log && joinedRows(rows, carry.log), saved);
}

/** All rows of the pieces; one unused row where there are none. */
function joinedRows(rows: readonly Log[], like: Log): Log {
  if (rows.length === 0) return tree.map((leaf: Tensor) => (leaf.ndim === 0 ? leaf : leaf.slice([0, 1])), like) as Log;
  const join = (first: Tensor, ...rest: Tensor[]): Tensor => (first.ndim === 0 ? first : concat([first, ...rest], 0));
  return tree.map(join, rows[0], ...rows.slice(1)) as Log;
}

/** Fixed steps in pieces, driven from outside. */
export function* solveFixedDriven(
  problem: LeafProblem,
  clock: Clock,
  checkpoint: boolean,
  watch: Watch,
): Reading<LeafSolution> {
  const { times, sizes } = clock.grid as FixedGrid;
  const count = sizes.shape[0];
  const begin = jit((state: State, at: Clock) => fixedStepper({ ...problem, state }, checkpoint).begin(at));
  const piece = jit((state: State, carry: FixedCarry, grid: FixedGrid) =>
    fixedStepper({ ...problem, state }, checkpoint).run(carry, grid),
  );
  const parts: FixedRun['kept'][] = [];
  let carry = begin(problem.state, clock);
  function* isSound(): Reading<boolean> {
    const [code] = yield* numbersOf([carry.code]);
    return code === 0;
  }
  for (let from = 0; from < count && (yield* isSound()); from += watch.every) {
    const to = Math.min(count, from + watch.every);
    const part = piece(problem.state, carry, { times: times.slice([from, to + 1]), sizes: sizes.slice([from, to]) });
    parts.push(part.kept);
    carry = part.end;
    if ((yield* isStopped(watch, clock, carry)) && to < count && (yield* isSound()))
      carry = { ...carry, code: stopped(carry.t.device?.name) };
  }
  return fixedSolution(problem, clock, { end: carry, kept: joinKept(parts) });
}
