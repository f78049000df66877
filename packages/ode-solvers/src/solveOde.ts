import { checkFunctions, customJvp, jit, type Tensor, tree, where } from '@flowfield/tensor-webgpu';
import { type AdaptiveOptions, solveAdaptive } from './adaptiveSteps.ts';
import { solveBacksolve } from './backsolve.ts';
import { type Clock, clockOf } from './clock.ts';
import type { DenseSolution } from './dense.ts';
import {
  adaptivePrograms,
  fixedPrograms,
  type ProblemAt,
  solveAdaptiveDriven,
  solveFixedDriven,
  type Watch,
} from './driven.ts';
import { leafEvents } from './events.ts';
import { solveFixed } from './fixedSteps.ts';
import { kept } from './kept.ts';
import { savedFrom } from './logged.ts';
import { dopri5 } from './methods/dopri5.ts';
import type { From } from './opened.ts';
import { checkNames, checkOptions, type SolveOptions } from './options.ts';
import type { LeafFunctions, LeafProblem, LeafSolution } from './problem.ts';
import { numbersOf, type Reading, type ReadTime, readable, readLater, readNow } from './reading.ts';
import { failureOf } from './report.ts';
import { alike, checkMass, fieldOf, type OdeFunction, probeOf, type State, stateOf, timeTypeOf } from './state.ts';
import { controlOf } from './stepControl.ts';
import { fail } from './times.ts';

/** The solver of solves that name none. */
const usual = dopri5();

/** The events of a solve, in their order. */
export interface OdeEvents<Y> {
  /** When they happened: [count]; inside a trace [maxEvents], unused rows 0. */
  readonly ts: Tensor;
  /** The states just before `apply`, stacked. */
  readonly ys: Y;
  /** Which of the events it was, several at once too: bool [count, events]. */
  readonly which: Tensor;
  readonly count: Tensor;
  /** Whether a terminal event ended the solve. */
  readonly terminated: Tensor;
}

/** A solution: a plain tree of tensors, so that it can leave a `jit`. Counts are i32 scalars. */
export interface OdeSolution<Y> {
  /** The state at the end; with saveAt `ts` or `steps`, its states stacked along a new first axis. */
  readonly ys: Y;
  /** The times of `ys`. */
  readonly ts: Tensor;
  /** Where the solve stopped: its end, a terminal event, or the time of the trouble. */
  readonly t: Tensor;
  /** The signed size of the next step (fixed steps: of the last). */
  readonly h: Tensor;
  /** The number of the outcome in `outcomes`; 0 is success. */
  readonly code: Tensor;
  /** Evaluations of f; those for Jacobians of implicit methods are not counted. */
  readonly nfe: Tensor;
  /** Attempted steps: accepted + rejected. */
  readonly steps: Tensor;
  readonly accepted: Tensor;
  readonly rejected: Tensor;
  /** With saveAt `dense`: the solution as a function of time, for `evaluateDense`. */
  readonly dense: DenseSolution<Y> | null;
  /** With `events`: what happened. */
  readonly events: OdeEvents<Y> | null;
}

/**
 * Solves the initial value problem `dy/dt = f(t, y, args)`, `y(t0) = y0`, from t0 to t1, forwards or backwards.
 *
 * `y` is a tree of floating tensors, which may have different dtypes; time is a scalar of the widest of them. `f`
 * returns a tree like `y`, and is evaluated on the whole batch at once, at times between t0 and t1 only (one stage of
 * `kvaerno4()` and of `kvaerno5()` excepted).
 *
 * Step sizes: `steps`, `step` or `grid` fix them; otherwise the error per step is kept below `atol + rtol |y|` in the
 * root mean square over all elements of the state (so the number of evaluations depends on the batch).
 *
 * All of it can be traced. Fixed steps pass both modes of differentiation; adaptive ones forward mode, and reverse
 * mode with `reverseMode: true` or `adjoint: 'backsolve'`. Derivatives are those of the discrete solution at the step
 * sizes taken (backsolve: of the exact one, to the tolerance); in their choice the errors of derivatives count.
 *
 * Evaluations of f: explicit fixed steps cost `stages` each (dopri5: 6 each and one more). Adaptive dopri5: 6 for each
 * attempt, 1 at the start, and 1 to choose a first step unless `firstStep` is given; a projection costs 1 more for each
 * attempt.
 *
 * @throws OdeError, unless `throw` is false, when a solve outside a trace does not reach t1. Inside a trace nothing
 * can be thrown: look at `code`; the state is then the last good one, and its derivatives are NaN.
 * @throws ArgumentError for an f that is no function, and for options that are unknown, out of range or exclude each other;
 * DTypeError for integer states; ShapeError for an f, an event or a mass matrix of another shape.
 */
export function solveOde<Y, Args = undefined>(
  f: OdeFunction<Y, Args>,
  y0: Y,
  options: SolveOptions<Y, Args>,
): OdeSolution<Y> {
  return readNow(solving(f, y0, options, 'now'));
}

/**
 * `solveOde` as a promise, the same on every device: on one that answers by promises, such as a GPU, too it throws, calls
 * `onProgress`, and cuts off the rows of steps and events that were not used. Not inside a trace.
 *
 * @throws as `solveOde` does, as a rejection.
 */
export async function solveOdeAsync<Y, Args = undefined>(
  f: OdeFunction<Y, Args>,
  y0: Y,
  options: SolveOptions<Y, Args>,
): Promise<OdeSolution<Y>> {
  return readLater(solving(f, y0, options, 'later'));
}

function* solving<Y, Args>(
  f: OdeFunction<Y, Args>,
  y0: Y,
  options: SolveOptions<Y, Args>,
  time: ReadTime,
): Reading<OdeSolution<Y>> {
  checkFunctions('solveOde', f);
  checkNames(options);
  const solver = options.solver ?? usual;
  const { structure } = tree.flatten(y0);
  const initial = stateOf(y0);
  const device = initial.find((leaf) => leaf.device !== undefined)?.device?.name;
  const timeType = timeTypeOf(initial);
  checkOptions(options, solver, timeType);
  const { saveAt = {}, project, mass = null, maxEvents = 100 } = options;
  const args = options.args as Args;
  const rebuild = (state: State): Y => tree.unflatten(structure, state) as Y;
  checkMass(mass, initial);
  const events = leafEvents(options.events ?? [], structure, args, timeType);
  const fixed = options.grid !== undefined || options.steps !== undefined || options.step !== undefined;
  const scanned = fixed && events.length === 0;
  const clock = withGridStops(clockOf({ ...options, ts: saveAt.ts }, timeType, device), fixed && !scanned);
  const field = fieldOf(f, structure, args);
  const functions: LeafFunctions = {
    field,
    project: project ? (inner: State) => alike('project', structure, inner, project(rebuild(inner))) : null,
    mass,
    events,
  };
  const problem = (state: State, inside: LeafFunctions = functions): LeafProblem => ({
    ...inside,
    solver,
    state,
    keep: saveAt.dense || (clock.saved && scanned) ? 'dense' : saveAt.steps ? 'steps' : 'end',
    timeType,
    maxEvents,
  });
  const probe = probeOf(initial);
  const [inMemory, traced] = [readable(probe, time), probe.device === undefined];
  if (traced && time === 'later')
    fail('solveOdeAsync: inside jit and other transforms nothing can be awaited. Use solveOde.');
  const adaptive = (at: Clock): AdaptiveOptions => ({
    ...adaptiveDefaults(options),
    isConstant: inMemory,
    clock: at,
    control: fixed ? null : controlOf(options.controller ?? 'pi', solver.errorOrder as number),
  });
  const withSaved = (solved: LeafSolution, at: Clock, state: State, inside?: LeafFunctions): LeafSolution =>
    scanned && at.saved && solved.dense
      ? {
          ...solved,
          saved: savedFrom(problem(state, inside), solved.dense, at.saved.offsets, { offset: at.span }, at.span.sign()),
        }
      : solved;
  const run = (state: State, at: Clock, inside?: LeafFunctions): LeafSolution =>
    withSoundTangents(solveWhole(state, at, inside));
  const solveWhole = (state: State, at: Clock, inside?: LeafFunctions): LeafSolution =>
    scanned
      ? withSaved(solveFixed(problem(state, inside), at, options.checkpoint ?? false), at, state, inside)
      : solveAdaptive(problem(state, inside), adaptive(at));

  const watch: Watch = { onProgress: options.onProgress ?? null, every: options.progressEvery ?? 256 };
  if (watch.onProgress && !inMemory)
    fail(
      'onProgress needs a solve outside jit and other transforms, on a device that is read at once. Leave it out, or await solveOdeAsync.',
    );
  const grows = !scanned && !options.reverseMode && problem(initial).keep !== 'end';
  const task = { options, solver, functions, state: initial, clock };
  const problemWith =
    (functionsWith: From<LeafFunctions>): ProblemAt =>
    (state, outside) =>
      problem(state, functionsWith(outside));
  function* driven(): Reading<LeafSolution> {
    if (!scanned) {
      const programs = kept(`adaptive ${watch.every}`, task, (functionsWith) =>
        adaptivePrograms(problemWith(functionsWith), adaptive(clock), watch.every),
      );
      return yield* solveAdaptiveDriven(programs, initial, clock, watch);
    }
    const programs = kept('fixed', task, (functionsWith) =>
      fixedPrograms(problemWith(functionsWith), options.checkpoint ?? false),
    );
    return withSaved(yield* solveFixedDriven(programs, problem(initial), clock, watch), clock, initial);
  }
  function whole(): LeafSolution {
    if (traced) return jit((state: State, at: Clock) => run(state, at))(initial, clock);
    const [solve, outside] = kept('whole', task, (functionsWith) =>
      jit((state: State, at: Clock, values: readonly Tensor[]) => run(state, at, functionsWith(values))),
    );
    return solve(initial, clock, outside);
  }
  const solved =
    options.adjoint === 'backsolve'
      ? solveBacksolve({ field, problem, clock, run: adaptive, scanned }, initial)
      : inMemory && (watch.onProgress || grows)
        ? yield* driven()
        : whole();

  if ((options.throw ?? true) && readable(solved.code, time)) {
    const [code] = yield* numbersOf([solved.code]);
    if (code !== 0) throw yield* failureOf(solved, problem(solved.state), scanned);
  }
  return yield* solutionOf(solved, rebuild, clock.saved?.times ?? null, time);
}

/** A solve that did not reach its end has no derivative: where one is taken in a trace, which cannot throw, it is NaN. */
function withSoundTangents(solved: LeafSolution): LeafSolution {
  const sound = (states: State): State => states.map((leaf) => soundTangent(leaf, solved.code));
  return {
    ...solved,
    state: sound(solved.state),
    saved: solved.saved && { ...solved.saved, states: sound(solved.saved.states) },
    trajectory: solved.trajectory && { ...solved.trajectory, states: sound(solved.trajectory.states) },
  };
}

const soundTangent: (x: Tensor, code: Tensor) => Tensor = customJvp(
  (x: Tensor, _code: Tensor) => x,
  ([x, code], [moved]) => [soundTangent(x, code), moved.mul(where(code.equal(0), 1, Number.NaN).astype(moved.dtype))],
);

/** Fixed steps that events may cut: the grid becomes a list of times at which steps end. */
function withGridStops(clock: Clock, cuts: boolean): Clock {
  if (!cuts || !clock.grid) return clock;
  const times = clock.grid.times.slice([1]);
  return { ...clock, stops: { times, offsets: clock.grid.sizes.cumsum(), jumps: times.mul(0) } };
}

/** The solution as the caller's trees; in memory, unused rows are cut off. */
function* solutionOf<Y>(
  solved: LeafSolution,
  rebuild: (state: State) => Y,
  times: Tensor | null,
  time: ReadTime,
): Reading<OdeSolution<Y>> {
  const { trajectory, dense, saved, events, accepted, rejected } = solved;
  function* cutTo(count: Tensor, more = 0): Reading<(rows: Tensor) => Tensor> {
    if (!readable(count, time)) return (rows) => rows;
    const [used] = yield* numbersOf([count]);
    return (rows) => (used + more >= rows.shape[0] ? rows : rows.slice([0, used + more]));
  }
  const cutSteps = trajectory ? yield* cutTo(accepted, 1) : (rows: Tensor) => rows;
  const cutSaved = saved ? yield* cutTo(saved.count) : cutSteps;
  const cutEvents = events ? yield* cutTo(events.count) : cutSteps;
  return {
    ys: rebuild(saved?.states.map(cutSaved) ?? trajectory?.states.map(cutSteps) ?? solved.state),
    ts: saved && times ? cutSaved(times) : trajectory ? cutSteps(trajectory.times) : solved.t,
    t: solved.t,
    h: solved.h,
    code: solved.code,
    nfe: solved.nfe,
    steps: accepted.add(rejected),
    accepted,
    rejected,
    dense: dense && !saved ? withoutLeaves(dense, rebuild) : null,
    events: events && {
      ts: cutEvents(events.times),
      ys: rebuild(events.states.map(cutEvents)),
      which: cutEvents(events.which),
      count: events.count,
      terminated: events.terminated,
    },
  };
}

function withoutLeaves<Y>(
  { polynomial, ...rest }: NonNullable<LeafSolution['dense']>,
  rebuild: (state: State) => Y,
): DenseSolution<Y> {
  return { ...rest, coefficients: polynomial.map(rebuild) };
}

const adaptiveDefaults = <Y, Args>(
  options: SolveOptions<Y, Args>,
): Omit<AdaptiveOptions, 'clock' | 'control' | 'isConstant'> => ({
  tolerances: { rtol: options.rtol ?? 1e-5, atol: options.atol ?? 1e-5, norm: options.norm ?? 'rms' },
  maxSteps: options.maxSteps ?? 4096,
  firstStep: options.firstStep ?? null,
  minStep: options.minStep ?? null,
  maxStep: options.maxStep ?? null,
  reverseMode: options.reverseMode ?? false,
  checkpoint: options.checkpoint ?? false,
  derivativeError: options.derivativeError ?? true,
});
