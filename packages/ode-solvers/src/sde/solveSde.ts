import { checkedOptions, checkFunctions, type Tensor, take, tree } from '@flowfield/tensor-webgpu';
import { type ClockOptions, clockOf, knownGrid, roundingOf } from '../clock.ts';
import { codeOf, OdeError } from '../errors.ts';
import { checkFixedTimes, checkKinds } from '../options.ts';
import { numbersOf, type Reading, type ReadTime, readable, readLater, readNow } from '../reading.ts';
import { firstBad, STATE_NOT_FINITE } from '../report.ts';
import { alike, fieldOf, type OdeFunction, probeOf, type State, stateOf, timeTypeOf } from '../state.ts';
import { checkFlags, isList, readTimes } from '../times.ts';
import { isKey, type NoiseSource, refuse } from './brownian.ts';
import { eulerMaruyama } from './eulerMaruyama.ts';
import { type Diffusion, type NoiseKind, noiseTerm } from './noise.ts';
import type { SdeSolver } from './sdeSolver.ts';
import { keptSdeSteps, type SdeFunctions, sdeSteps } from './sdeSteps.ts';
import type { BrownianPath } from './virtualBrownianTree.ts';

export interface SdeOptions<Y, Args = undefined> {
  /** The interval, in either direction; not needed with `grid`. */
  readonly t0?: number | Tensor;
  readonly t1?: number | Tensor;
  /** How many steps, their size, or all times. */
  readonly steps?: number;
  readonly step?: number;
  readonly grid?: readonly number[] | Tensor;
  /** Default: `eulerMaruyama()`. */
  readonly solver?: SdeSolver;
  /** A key: increments drawn afresh, another path for other steps. Or a path, such as `virtualBrownianTree(...)`. */
  readonly noise: Tensor | BrownianPath;
  /** How the diffusion multiplies dW (default 'diagonal'). */
  readonly kind?: NoiseKind;
  /** Handed to drift and diffusion. */
  readonly args?: Args;
  /** The state at the end (default), at given times, where a step then ends, or at all steps. */
  readonly saveAt?: { readonly t1?: boolean; readonly ts?: readonly number[] | Tensor; readonly steps?: boolean };
  /** Applied to the state after each step: a projection onto a manifold, say. */
  readonly project?: (y: Y) => Y;
  /** Keep only the states of the steps for the backward pass and compute the rest again. */
  readonly checkpoint?: boolean;
  /** Throw `OdeError` when the solve does not reach its end (default true). */
  readonly throw?: boolean;
}

export interface SdeSolution<Y> {
  /** The state at the end; with saveAt, its states stacked along a new first axis. */
  readonly ys: Y;
  readonly ts: Tensor;
  /** Where the solve stopped. */
  readonly t: Tensor;
  /** The number of the outcome in `outcomes`; 0 is success. */
  readonly code: Tensor;
  /** Steps taken. */
  readonly steps: Tensor;
  /** Evaluations of the drift. */
  readonly nfe: Tensor;
}

const optionNames = [
  't0',
  't1',
  'steps',
  'step',
  'grid',
  'solver',
  'noise',
  'kind',
  'args',
  'saveAt',
  'project',
  'checkpoint',
  'throw',
] as const;

/**
 * Solves `dy = f(t, y, args) dt + g(t, y, args) dW` from t0 to t1 in fixed steps, in the sense of the solver (Itô or
 * Stratonovich), forwards, or with a path backwards.
 *
 * y is a tree of floating tensors, one row for each sample; f returns a tree like it, g one as `kind` says. All of it can
 * be traced and differentiated in both modes, with the noise held fixed. Same key, same path, same bits.
 *
 * @throws OdeError, unless `throw` is false, for a state that is not finite, outside a trace; ArgumentError for options that
 * are unknown, out of range or exclude each other, for a missing key, and for a method used for noise it is not made for (which
 * it is cannot be seen inside a trace).
 */
export function solveSde<Y, Args = undefined>(
  drift: OdeFunction<Y, Args>,
  diffusion: Diffusion<Y, Args>,
  y0: Y,
  options: SdeOptions<Y, Args>,
): SdeSolution<Y> {
  return readNow(solving(drift, diffusion, y0, options, 'now'));
}

/** `solveSde` as a promise, which throws on every device: on one that answers by promises, such as a GPU, too. */
export async function solveSdeAsync<Y, Args = undefined>(
  drift: OdeFunction<Y, Args>,
  diffusion: Diffusion<Y, Args>,
  y0: Y,
  options: SdeOptions<Y, Args>,
): Promise<SdeSolution<Y>> {
  return readLater(solving(drift, diffusion, y0, options, 'later'));
}

function* solving<Y, Args>(
  drift: OdeFunction<Y, Args>,
  diffusion: Diffusion<Y, Args>,
  y0: Y,
  options: SdeOptions<Y, Args>,
  time: ReadTime,
): Reading<SdeSolution<Y>> {
  checkFunctions('solveSde', drift, diffusion);
  const {
    solver = eulerMaruyama(),
    kind = 'diagonal',
    saveAt = {},
    project,
    noise,
  } = checkedOptions('solveSde', options, optionNames);
  const args = options.args as Args;
  checkSolver(solver, kind);
  checkedOptions('solveSde: saveAt', saveAt, ['t1', 'ts', 'steps']);
  checkKinds('solveSde', saveAt);
  checkFlags('solveSde', options, ['checkpoint', 'throw']);
  const { structure } = tree.flatten(y0);
  if (!isKey(noise) && typeof (noise as NoiseSource | undefined)?.increment !== 'function')
    refuse('solveSde', 'noise must be a key (random.key(seed)) or a path (virtualBrownianTree(…)). Give one.');
  const initial = stateOf(y0, 'solveSde');
  const timeType = timeTypeOf(initial);
  checkFixedTimes('solveSde', options, saveAt.ts, timeType);
  const rebuild = (state: State): Y => tree.unflatten(structure, state) as Y;
  const device = initial.find((leaf) => leaf.device !== undefined)?.device?.name;
  const { times, places } = withSaved(options, saveAt.ts);
  const clock = clockOf(times, timeType, device);
  if (!isKey(noise)) checkReach(noise, times);
  const term = noiseTerm(kind);

  const functions: SdeFunctions = {
    drift: fieldOf(drift, structure, args, 'solveSde', 'the drift'),
    diffusion: term.fieldOf(diffusion, structure, args),
    project: project ? (state) => alike('project', structure, state, project(rebuild(state)), 'solveSde') : null,
    increment: isKey(noise) ? null : (step) => (noise as NoiseSource).increment(step),
  };
  const key = isKey(noise) ? noise : null;
  const form = {
    solver,
    kind,
    term,
    saves: Boolean(saveAt.steps || saveAt.ts),
    checkpoint: options.checkpoint ?? false,
  };
  const solved =
    probeOf(initial).device === undefined
      ? sdeSteps(form, functions, initial, clock, key)
      : keptSdeSteps(form, functions, initial, clock, key);
  const { end, rows } = solved;
  if (solved.depends && readable(solved.depends, time)) {
    const [depends] = yield* numbersOf([solved.depends]);
    if (depends)
      refuse(
        'solveSde',
        `${solver.name} is for additive noise, but the diffusion depends on y. Use milstein(), eulerMaruyama() or stochasticHeun().`,
      );
  }
  if ((options.throw ?? true) && readable(end.code, time)) {
    const [code, at] = yield* numbersOf([end.code, end.t]);
    if (code !== 0) {
      const [step] = yield* numbersOf([solved.times.slice(1).sub(solved.times.slice(0))]);
      const bad = code === codeOf('nonFinite') ? yield* firstBad(end.state) : undefined;
      throw new OdeError({ code, time: at, step, ...(bad && { ...bad, reason: STATE_NOT_FINITE }) }, 'solveSde');
    }
  }
  const kept = (all: Tensor): Tensor => (places ? take(all, places) : all);
  return {
    ys: rebuild(rows ? rows.map(kept) : end.state),
    ts: rows ? kept(solved.times) : end.t,
    t: end.t,
    code: end.code,
    steps: end.taken,
    nfe: end.taken.mul(solver.evaluations),
  };
}

/** Times to save become times at which a step ends. */
function withSaved<Y, Args>(
  { t0, t1, steps, step, grid }: SdeOptions<Y, Args>,
  given: readonly number[] | Tensor | undefined,
): { times: ClockOptions; places: number[] | null } {
  const times = { t0, t1, steps, step, grid };
  if (given === undefined) return { times, places: null };
  const known = knownGrid(times);
  const ts = readTimes(given);
  if (!known || !ts)
    return refuse('solveSde', 'saveAt.ts needs t0, t1, a grid and ts as numbers. Give them so, or save all steps.');
  const [first, last] = [known[0], known[known.length - 1]];
  const coarse = !isList(given) && given.dtype !== 'f64';
  const near = (coarse ? roundingOf('f32', 'f64') : 1e-12) * Math.max(Math.abs(first), Math.abs(last));
  const fresh = ts.filter((t) => !known.some((at) => Math.abs(at - t) <= near));
  const merged = [...known, ...fresh].sort((a, b) => (last >= first ? a - b : b - a));
  const places = ts.map((t) => merged.findIndex((at) => Math.abs(at - t) <= near));
  return { times: { grid: merged }, places };
}

function checkSolver(solver: SdeSolver, kind: NoiseKind): void {
  if (typeof solver?.leafStep !== 'function' || !Array.isArray(solver.kinds))
    refuse('solveSde', 'expected a solver such as eulerMaruyama() or sra1(). Make one.');
  if (!['diagonal', 'scalar', 'general'].includes(kind))
    refuse('solveSde', `kind must be 'diagonal', 'scalar' or 'general', got '${kind}'.`);
  if (!solver.kinds.includes(kind))
    refuse(
      'solveSde',
      `${solver.name} is for ${solver.kinds.join(' or ')} noise, got kind '${kind}'. Use eulerMaruyama() or stochasticHeun().`,
    );
}

/** Throws `ArgumentError` where a path is known to end before the solve does. */
function checkReach({ t0, t1 }: BrownianPath, times: ClockOptions): void {
  const known = knownGrid(times);
  if (!known || t0 === undefined || t1 === undefined) return;
  const ends = [known[0], known[known.length - 1]];
  const slack = 1e-6 * Math.max(Math.abs(t0), Math.abs(t1));
  if (ends.some((t) => t < t0 - slack || t > t1 + slack))
    refuse(
      'solveSde',
      `the path runs from ${t0} to ${t1}, and the solve from ${ends[0]} to ${ends[1]}. Widen its interval.`,
    );
}
