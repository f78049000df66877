import { checkFunctions, full, jit, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { solveAdaptive } from './adaptiveSteps.ts';
import { solveFixed } from './fixedSteps.ts';
import { type DenseSolution, evaluateDense } from './interpolation.ts';
import { dopri5 } from './methods/dopri5.ts';
import { checkNames, checkOptions, gridTimes, isList, type SolveOptions, type StepChoice } from './options.ts';
import type { LeafProblem, LeafSolution } from './problem.ts';
import { canRead, failureOf } from './report.ts';
import { fieldOf, type OdeFunction, type State, stateOf, timeTypeOf } from './state.ts';
import type { ErrorNorm } from './stepControl.ts';

/** A solution: a plain tree of tensors, so that it can leave a `jit`. Counts are i32 scalars. */
export interface OdeSolution<Y> {
  /** The state at the end; with saveAt `ts` or `steps`, its states stacked along a new first axis. */
  readonly ys: Y;
  /** The times of `ys`. */
  readonly ts: Tensor;
  /** Where the solve stopped: its end, or the time of the trouble. */
  readonly t: Tensor;
  /** The signed size of the next step (fixed steps: of the last). */
  readonly h: Tensor;
  /** The number of the outcome in `outcomes`; 0 is success. */
  readonly code: Tensor;
  /** Evaluations of f. */
  readonly nfe: Tensor;
  /** Attempted steps: accepted + rejected. */
  readonly steps: Tensor;
  readonly accepted: Tensor;
  readonly rejected: Tensor;
  /** With saveAt `dense`: the solution as a function of time, for `evaluateDense`. */
  readonly dense: DenseSolution<Y> | null;
}

/**
 * Solves the initial value problem `dy/dt = f(t, y, args)`, `y(t0) = y0`, from t0 to t1, forwards or backwards.
 *
 * `y` is a tree of floating tensors, which may have different dtypes; time is a scalar of the widest of them. `f`
 * returns a tree like `y`, and is evaluated on the whole batch at once.
 *
 * Step sizes: `steps`, `step` or `grid` fix them; otherwise the error per step is kept below `atol + rtol |y|` in the
 * root mean square over all elements of the state (so the number of evaluations depends on the batch).
 *
 * All of it can be traced. Fixed steps pass both modes of differentiation; adaptive ones forward mode, and reverse
 * mode with `reverseMode: true`. Derivatives are those of the discrete solution at the step sizes taken.
 *
 * Evaluations of f: fixed steps cost `stages` each (dopri5: 6 each and one more). Adaptive dopri5: 6 for each attempt,
 * 1 at the start, and 1 to choose a first step unless `firstStep` is given; a projection costs 1 more for each attempt.
 *
 * @throws OdeError, unless `throw` is false, when a solve outside a trace does not reach t1. Inside a trace nothing
 * can be thrown: look at `code`; the state is then the last good one.
 * @throws ArgumentError for an f that is no function, and for options that are unknown, out of range or exclude each other;
 * DTypeError for integer states.
 */
export function solveOde<Y, Args = undefined>(
  f: OdeFunction<Y, Args>,
  y0: Y,
  options: SolveOptions<Y, Args>,
): OdeSolution<Y> {
  checkFunctions('solveOde', f);
  checkNames(options);
  const solver = options.solver ?? dopri5();
  checkOptions(options, solver);
  const { structure } = tree.flatten(y0);
  const initial = stateOf(y0);
  const device = initial.find((leaf) => leaf.device !== undefined)?.device?.name;
  const timeType = timeTypeOf(initial);
  const { saveAt = {}, project, args } = options;
  const rebuild = (state: State): Y => tree.unflatten(structure, state) as Y;
  const toTime = (t: number | Tensor): Tensor =>
    typeof t === 'number' ? full([], t, { dtype: timeType, device }) : t.astype(timeType);
  const toTimes = (ts: readonly number[] | Tensor): Tensor =>
    isList(ts) ? tensor(ts, { dtype: timeType, device }) : ts.astype(timeType);

  const times = saveAt.ts ? toTimes(saveAt.ts) : null;
  const fixed = options.grid !== undefined || options.steps !== undefined || options.step !== undefined;
  const grid = fixed ? gridTimes(options, timeType, toTimes) : null;
  const problem = (state: State): LeafProblem => ({
    field: fieldOf(f, structure, args as Args),
    solver,
    state,
    project: project ? (inner: State) => stateOf(project(rebuild(inner))) : null,
    keep: saveAt.dense || (times && fixed) ? 'dense' : saveAt.steps ? 'steps' : 'end',
    timeType,
  });

  const run = (state: State, t0: Tensor, t1: Tensor, at: Tensor | null, along: Tensor | null): LeafSolution => {
    if (!along) return solveAdaptive(problem(state), { ...adaptiveDefaults(options), t0, t1, times: at });
    const solved = solveFixed(problem(state), along, options.checkpoint ?? false);
    if (!at || !solved.dense) return solved;
    const { polynomial, ...rest } = solved.dense;
    const saved = evaluateDense<State>({ ...rest, coefficients: polynomial }, at);
    return { ...solved, saved: project ? stateOf(project(rebuild(saved))) : saved };
  };
  const t0 = along(grid, 0) ?? toTime(options.t0 as number | Tensor);
  const t1 = along(grid, -1) ?? toTime(options.t1 as number | Tensor);
  const solved = jit(run)(initial, t0, t1, times, grid);

  if ((options.throw ?? true) && canRead(solved.code) && solved.code.item() !== 0) {
    throw failureOf(solved, problem(solved.state), grid !== null);
  }
  return solutionOf(solved, rebuild, times);
}

const along = (grid: Tensor | null, at: number): Tensor | null => grid?.slice(at) ?? null;

/** The solution as the caller's trees; in memory, unused rows of a trajectory are cut off. */
function solutionOf<Y>(solved: LeafSolution, rebuild: (state: State) => Y, times: Tensor | null): OdeSolution<Y> {
  const { trajectory, dense, saved, accepted, rejected } = solved;
  const used = trajectory && canRead(accepted) ? accepted.item() + 1 : undefined;
  const cut = (rows: Tensor): Tensor => (used === undefined ? rows : rows.slice([0, used]));
  return {
    ys: rebuild(saved ?? trajectory?.states.map(cut) ?? solved.state),
    ts: saved && times ? times : trajectory ? cut(trajectory.times) : solved.t,
    t: solved.t,
    h: solved.h,
    code: solved.code,
    nfe: solved.nfe,
    steps: accepted.add(rejected),
    accepted,
    rejected,
    dense:
      dense && !saved
        ? { starts: dense.starts, sizes: dense.sizes, count: dense.count, coefficients: dense.polynomial.map(rebuild) }
        : null,
  };
}

const adaptiveDefaults = ({ rtol, atol, norm, maxSteps, firstStep, minStep, reverseMode, checkpoint }: StepChoice) => ({
  rtol: rtol ?? 1e-5,
  atol: atol ?? 1e-5,
  norm: norm ?? ('rms' satisfies ErrorNorm),
  maxSteps: maxSteps ?? 4096,
  firstStep: firstStep ?? null,
  minStep: minStep ?? null,
  reverseMode: reverseMode ?? false,
  checkpoint: checkpoint ?? false,
});
