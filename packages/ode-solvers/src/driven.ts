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

/** A problem that starts at a state, given the tensors that its right-hand side takes from outside. */
export type ProblemAt = (state: State, outside: readonly Tensor[]) => LeafProblem;

/** The compiled parts of an adaptive solve in pieces of `every` attempts. */
export function adaptivePrograms(problemAt: ProblemAt, options: AdaptiveOptions, every: number) {
  const capacity = Math.min(options.maxSteps, every);
  type Place = [state: State, at: Clock, outside: readonly Tensor[]];
  const engineAt = (...[state, at, outside]: Place): Engine =>
    loopEngine(problemAt(state, outside), { ...options, clock: at }, capacity);
  return {
    start: jit((...place: Place) => engineAt(...place).start()),
    piece: jit((...[state, at, outside, carry, limit, goal]: [...Place, Carry, Tensor, Tensor | null]) => {
      const engine = engineAt(state, at, outside);
      const from = carry.log ? { ...carry, log: { ...carry.log, used: carry.log.used.mul(0) } } : carry;
      const open = (now: Carry): Tensor => {
        const on = engine.goesOn(now).logicalAnd(now.accepted.add(now.rejected).less(limit));
        return goal ? on.logicalAnd(isBefore(engine, now, goal)) : on;
      };
      return whileLoop(open, engine.attempt, from);
    }),
    reading: jit((...[state, at, outside, carry, goal]: [...Place, Carry, Tensor]) =>
      stateAt(problemAt(state, outside), engineAt(state, at, outside), carry, goal),
    ),
    allGoals: jit((...place: Place) => goalsOf({ clock: place[1] }, engineAt(...place).forward)),
    isAhead: jit((...[state, at, outside, now, goal]: [...Place, Carry, Tensor]) =>
      isBefore(engineAt(state, at, outside), now, goal),
    ),
    finish: jit((...[state, at, outside, end, log, saved]: [...Place, Carry, Log | null, LeafSolution['saved']]) =>
      solutionOf(problemAt(state, outside), { clock: at }, engineAt(state, at, outside), end, log, saved),
    ),
  };
}

/**
 * An adaptive solve in pieces of one compiled program, driven from outside: what it writes down takes the memory of the
 * steps taken, not of `maxSteps`, and a watcher sees it run.
 */
export function* solveAdaptiveDriven(
  [programs, outside]: [ReturnType<typeof adaptivePrograms>, readonly Tensor[]],
  state: State,
  clock: Clock,
  watch: Watch,
): Reading<LeafSolution> {
  const place = [state, clock, outside] as const;
  const rows: Log[] = [];
  let carry = programs.start(...place);
  const device = carry.t.device?.name;
  function* advance(goal: Tensor | null): Reading<void> {
    const limit = carry.accepted.add(carry.rejected).add(full([], watch.every, { dtype: 'i32', device }));
    carry = programs.piece(...place, carry, limit, goal);
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
    const [ahead] = yield* numbersOf([programs.isAhead(...place, carry, goal)]);
    return ahead !== 0;
  }
  const reached: Reached[] = [];
  const goals = clock.saved ? programs.allGoals(...place) : null;
  for (let i = 0; goals && i < goals.shape[0]; i++) {
    const goal = goals.slice(i);
    while ((yield* isOpen()) && (yield* isBeforeGoal(goal))) yield* advance(goal);
    reached.push(programs.reading(...place, carry, goal));
  }
  while (yield* isOpen()) yield* advance(null);
  const saved = goals && {
    states: state.map((_, n) =>
      concat(
        reached.map(({ states }) => states[n].expandDims(0)),
        0,
      ),
    ),
    count: reached.map(({ reached: is }) => is.astype('i32')).reduce((sum, more) => sum.add(more)),
  };
  return programs.finish(...place, carry, carry.log && joinedRows(rows, carry.log), saved);
}

/** All rows of the pieces; one unused row where there are none. */
function joinedRows(rows: readonly Log[], like: Log): Log {
  if (rows.length === 0) return tree.map((leaf: Tensor) => (leaf.ndim === 0 ? leaf : leaf.slice([0, 1])), like) as Log;
  const join = (first: Tensor, ...rest: Tensor[]): Tensor => (first.ndim === 0 ? first : concat([first, ...rest], 0));
  return tree.map(join, rows[0], ...rows.slice(1)) as Log;
}

/** The compiled parts of fixed steps in pieces. */
export function fixedPrograms(problemAt: ProblemAt, checkpoint: boolean) {
  return {
    begin: jit((state: State, at: Clock, outside: readonly Tensor[]) =>
      fixedStepper(problemAt(state, outside), checkpoint).begin(at),
    ),
    piece: jit((state: State, outside: readonly Tensor[], carry: FixedCarry, grid: FixedGrid) =>
      fixedStepper(problemAt(state, outside), checkpoint).run(carry, grid),
    ),
  };
}

/** Fixed steps in pieces, driven from outside. */
export function* solveFixedDriven(
  [programs, outside]: [ReturnType<typeof fixedPrograms>, readonly Tensor[]],
  problem: LeafProblem,
  clock: Clock,
  watch: Watch,
): Reading<LeafSolution> {
  const { times, sizes } = clock.grid as FixedGrid;
  const count = sizes.shape[0];
  const parts: FixedRun['kept'][] = [];
  let carry = programs.begin(problem.state, clock, outside);
  function* isSound(): Reading<boolean> {
    const [code] = yield* numbersOf([carry.code]);
    return code === 0;
  }
  for (let from = 0; from < count && (yield* isSound()); from += watch.every) {
    const to = Math.min(count, from + watch.every);
    const grid = { times: times.slice([from, to + 1]), sizes: sizes.slice([from, to]) };
    const part = programs.piece(problem.state, outside, carry, grid);
    parts.push(part.kept);
    carry = part.end;
    if ((yield* isStopped(watch, clock, carry)) && to < count && (yield* isSound()))
      carry = { ...carry, code: stopped(carry.t.device?.name) };
  }
  return fixedSolution(problem, clock, { end: carry, kept: joinKept(parts) });
}
