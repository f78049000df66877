import { checkedOptions, checkedWhole, checkFunctions, type Tensor } from '@flowfield/tensor-webgpu';
import { roundingOf } from './clock.ts';
import type { OdeEvent } from './events.ts';
import type { OdeSolver } from './solver.ts';
import type { FloatType } from './state.ts';
import { controllerNames, type ErrorNorm, type StepController } from './stepControl.ts';
import { checkFlags, checkTimes, fail, isList, readTimes } from './times.ts';

/** What to return: the end (default), the states at given times, at every accepted step, or a function of time. */
export interface SaveAt {
  readonly t1?: boolean;
  /** Times between t0 and t1, in the direction of the solve; between steps the state is interpolated. */
  readonly ts?: readonly number[] | Tensor;
  /** Every accepted step, t0 included. Inside a trace an adaptive solve reserves room for maxSteps, and unused rows repeat the end. */
  readonly steps?: boolean;
  readonly dense?: boolean;
}

/** How far a solve has come. */
export interface Progress {
  readonly t: number;
  /** The share of the interval that is done, 0 to 1. */
  readonly fraction: number;
  readonly accepted: number;
  readonly rejected: number;
}

/** The part of the options that says when and how far to step. */
export interface StepChoice {
  /** The interval, in either direction; not needed with `grid`. */
  readonly t0?: number | Tensor;
  readonly t1?: number | Tensor;
  /** Default: `dopri5()`. */
  readonly solver?: OdeSolver;
  /** Fixed steps: how many. */
  readonly steps?: number;
  /** Fixed steps: their size (positive); the last one is shorter where it must be. */
  readonly step?: number;
  /** Fixed steps: all times, the first and the last included, in either direction. */
  readonly grid?: readonly number[] | Tensor;
  /** Adaptive steps: tolerances relative to the state and absolute (default 1e-5 each). */
  readonly rtol?: number;
  readonly atol?: number;
  /** Adaptive steps: how the error is measured over the state (default root mean square). */
  readonly norm?: ErrorNorm;
  /** Adaptive steps: how the next size follows from the errors (default 'pi'). */
  readonly controller?: 'i' | 'pi' | 'pid' | StepController;
  /** Adaptive steps, and fixed ones with events: attempts allowed, accepted and rejected together (default 4096). */
  readonly maxSteps?: number;
  readonly firstStep?: number;
  /** Adaptive steps: the size below which the solve gives up (default: 16 units in the last place of the distance from t0). */
  readonly minStep?: number;
  /** Adaptive steps: the largest size. */
  readonly maxStep?: number;
  /** Adaptive steps: times at which a step ends. */
  readonly stepTimes?: readonly number[] | Tensor;
  /** Adaptive steps: times at which f jumps. A step ends there, and f is looked at on either side, not at the time itself. */
  readonly jumpTimes?: readonly number[] | Tensor;
  readonly saveAt?: SaveAt;
  /** Keep only the states of the steps for the backward pass and compute the rest again. */
  readonly checkpoint?: boolean;
  /** Adaptive steps: let reverse mode pass, at the price of a loop over all `maxSteps` rounds. */
  readonly reverseMode?: boolean;
  /**
   * Reverse mode by a second solve, backwards in time (Chen et al. 2018): little memory, any number of steps. It gives
   * derivatives by y0, all that f uses, t0, t1 and saved times, of first order.
   */
  readonly adjoint?: 'backsolve';
  /** Adaptive steps: where a derivative is taken, let its error count in the choice of the steps (default true). */
  readonly derivativeError?: boolean;
  /** The matrix M of `M y' = f(t, y)`, [n, n] for a state of n elements in the order of its leaves; singular too, with index 1. */
  readonly mass?: Tensor;
  /** Room for events (default 100). */
  readonly maxEvents?: number;
  /** Called after every `progressEvery` attempts; return false to stop. Not inside a trace. */
  readonly onProgress?: (progress: Progress) => unknown;
  /** Default 256. */
  readonly progressEvery?: number;
  /** Throw `OdeError` when the solve does not reach its end (default true). */
  readonly throw?: boolean;
}

export interface SolveOptions<Y, Args = undefined> extends StepChoice {
  /** Handed to f. */
  readonly args?: Args;
  /** Applied to the state after each accepted step, and to interpolated states: a projection onto a manifold, say. */
  readonly project?: (y: Y) => Y;
  /** What may happen along the way. Steps end where it does. */
  readonly events?: readonly OdeEvent<Y, Args>[];
}

/** The names of the options that say when and how far to step, for functions that hand such options on. */
export const stepOptionNames = [
  't0',
  't1',
  'solver',
  'steps',
  'step',
  'grid',
  'rtol',
  'atol',
  'norm',
  'controller',
  'maxSteps',
  'firstStep',
  'minStep',
  'maxStep',
  'stepTimes',
  'jumpTimes',
  'saveAt',
  'checkpoint',
  'reverseMode',
  'adjoint',
  'derivativeError',
  'mass',
  'maxEvents',
  'onProgress',
  'progressEvery',
  'throw',
] as const satisfies readonly (keyof StepChoice)[];

/** Throws `ArgumentError` for options that are missing or have unknown names. */
export function checkNames<Y, Args>(options: SolveOptions<Y, Args>): void {
  checkedOptions('solveOde', options, [...stepOptionNames, 'args', 'project', 'events']);
  if (options.saveAt !== undefined) checkedOptions('solveOde: saveAt', options.saveAt, ['ts', 't1', 'steps', 'dense']);
}

const fixing = ['steps', 'step', 'grid'] as const;
const controlling = [
  'rtol',
  'atol',
  'norm',
  'controller',
  'firstStep',
  'minStep',
  'maxStep',
  'stepTimes',
  'jumpTimes',
  'reverseMode',
  'derivativeError',
] as const;

/** Throws `ArgumentError` for options that are out of range or exclude each other. */
export function checkOptions<Y, Args>(options: SolveOptions<Y, Args>, solver: OdeSolver, dtype: FloatType): void {
  if (typeof solver?.leafStep !== 'function')
    fail(
      `expected a solver such as rk4() or dopri5(), got ${typeof solver === 'string' ? `'${solver}'` : typeof solver}. Make one.`,
    );
  const given = (names: readonly (keyof StepChoice)[]): string[] =>
    names.filter((name) => options[name] !== undefined && options[name] !== false);
  const fixed = given(fixing);
  const events = (options.events?.length ?? 0) > 0;
  const adaptive = given(events ? controlling : [...controlling, 'maxSteps']);
  if (fixed.length > 1) fail(`expected one of steps, step and grid, got ${fixed.join(' and ')}. Leave the others out.`);
  if (fixed.length > 0 && adaptive.length > 0 && !(events && adaptive.join() === 'reverseMode')) {
    fail(`${fixed[0]} fixes the steps, and ${adaptive.join(', ')} would control their size. Leave one of the two out.`);
  }
  if (fixed.length === 0 && solver.errorOrder === null) {
    fail(`${solver.name} has no error estimate to choose steps by. Give steps, step or grid, or use dopri5().`);
  }
  if (events && solver.history > 0) fail(`${solver.name} needs its earlier steps, which events cut. Use rk4().`);
  checkInterval(options, 'solveOde');
  checkNumbers(options);
  checkSaving(options, dtype);
  checkCombinations(options, solver, fixed.length > 0);
}

/** The interval and its fixed steps. */
type FixedChoice = Pick<StepChoice, 't0' | 't1' | 'grid' | 'steps' | 'step'>;

/** Throws `ArgumentError` unless exactly one of steps, step and grid fixes the steps, and the times are in order. */
export function checkFixedTimes(
  use: string,
  options: FixedChoice,
  ts: readonly number[] | Tensor | undefined,
  dtype: FloatType,
): void {
  const given = fixing.filter((name) => options[name] !== undefined);
  if (given.length !== 1)
    fail(`expected one of steps, step and grid, got ${given.join(' and ') || 'none'}. Give one of them.`, use);
  checkInterval(options, use);
  if (ts !== undefined) checkSaved(use, { ...options, saveAt: { ts } }, dtype);
}

function checkInterval({ t0, t1, grid, steps, step }: FixedChoice, use: string): void {
  const refuse = (message: string): never => fail(message, use);
  if (grid === undefined && (t0 === undefined || t1 === undefined))
    refuse('expected t0 and t1 (or a grid). Give both.');
  if (grid !== undefined && (t0 !== undefined || t1 !== undefined))
    refuse('a grid has its own ends. Leave t0 and t1 out.');
  for (const [name, t] of [
    ['t0', t0],
    ['t1', t1],
  ] as const) {
    if (t === undefined) continue;
    if (t === null || (typeof t !== 'number' && typeof t.ndim !== 'number'))
      refuse(
        `${name} must be a number or a scalar tensor, got ${typeof t === 'string' ? `'${t}'` : t === null ? 'null' : typeof t}.`,
      );
    if (typeof t === 'object' && t.ndim !== 0) refuse(`${name} must be a scalar, got shape [${t.shape.join(', ')}].`);
    const [value] = readTimes(t) ?? [0];
    if (!Number.isFinite(value)) refuse(`${name} must be finite, got ${value}.`);
  }
  if (steps !== undefined) checkedWhole(`${use}: steps`, steps);
  if (step !== undefined) {
    if (!(typeof step === 'number' && step > 0 && Number.isFinite(step)))
      refuse(`step must be a positive number, got ${step}. The direction comes from t0 and t1.`);
    if (typeof t0 !== 'number' || typeof t1 !== 'number')
      refuse('step needs t0 and t1 as numbers. Use steps with tensors.');
  }
  if (grid !== undefined) checkTimes('grid', grid, { least: 2, use });
}

function checkNumbers<Y, Args>(options: SolveOptions<Y, Args>): void {
  checkFlags('solveOde', options, ['checkpoint', 'reverseMode', 'derivativeError', 'throw']);
  for (const name of ['rtol', 'atol'] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === 'number' && value >= 0 && Number.isFinite(value)))
      fail(`${name} must be a number of at least 0, got ${value}.`);
  }
  if (options.rtol === 0 && options.atol === 0) fail('rtol and atol are both 0, which no step can reach. Raise one.');
  for (const name of ['firstStep', 'minStep', 'maxStep'] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === 'number' && value > 0 && Number.isFinite(value)))
      fail(`${name} must be a positive number, got ${value}.`);
  }
  const { minStep, maxStep, norm, controller, adjoint } = options;
  if (minStep !== undefined && maxStep !== undefined && minStep > maxStep)
    fail(`minStep ${minStep} is larger than maxStep ${maxStep}. Swap them.`);
  if (norm !== undefined && !['rms', 'max', 'rows'].includes(norm))
    fail(`norm must be 'rms', 'max' or 'rows', got '${norm}'.`);
  if (adjoint !== undefined && adjoint !== 'backsolve') fail(`adjoint must be 'backsolve', got '${adjoint}'.`);
  if (typeof controller === 'object') checkedOptions('solveOde: controller', controller, controllerNames);
  else if (controller !== undefined && !['i', 'pi', 'pid'].includes(controller))
    fail(`controller must be 'i', 'pi', 'pid' or an object of gains, got '${controller}'.`);
  for (const name of ['maxSteps', 'maxEvents', 'progressEvery'] as const) {
    const value = options[name];
    if (value !== undefined) checkedWhole(`solveOde: ${name}`, value);
  }
  if (options.onProgress !== undefined) checkFunctions('solveOde: onProgress', options.onProgress);
  if (options.project !== undefined) checkFunctions('solveOde: project', options.project);
}

function checkSaving<Y, Args>(options: SolveOptions<Y, Args>, dtype: FloatType): void {
  const { saveAt = {} } = options;
  checkKinds('solveOde', saveAt);
  checkSaved('solveOde', options, dtype);
}

/** Throws `ArgumentError` unless at most one thing is to be saved. */
export function checkKinds(use: string, saveAt: SaveAt): void {
  checkFlags(`${use}: saveAt`, saveAt, ['t1', 'steps', 'dense']);
  const kinds = (['t1', 'ts', 'steps', 'dense'] as const).filter((kind) => saveAt[kind] ?? false);
  if (kinds.length > 1) fail(`saveAt takes one of t1, ts, steps and dense, got ${kinds.join(' and ')}.`, use);
}

type TimeLists = FixedChoice & Pick<StepChoice, 'saveAt' | 'stepTimes' | 'jumpTimes'>;

/** Throws unless saved and forced times lie in the interval, as far as it is known. */
function checkSaved(
  use: string,
  { t0, t1, grid, saveAt = {}, stepTimes, jumpTimes }: TimeLists,
  dtype: FloatType,
): void {
  const known = grid === undefined ? [t0, t1].map((t) => readTimes(t as number | Tensor)) : [readTimes(grid)];
  const [a, b] = known.length === 1 ? [known[0]?.[0], known[0]?.at(-1)] : [known[0]?.[0], known[1]?.[0]];
  const ends: readonly [number, number] | undefined = a !== undefined && b !== undefined ? [a, b] : undefined;
  const slackOf = (times: readonly number[] | Tensor): number => {
    const widest = Math.max(Math.abs(a ?? 0), Math.abs(b ?? 0));
    const coarse = [times, t0, t1, grid].some(
      (given) => typeof given === 'object' && !isList(given) && given.dtype !== 'f64',
    );
    return widest * roundingOf(coarse ? 'f32' : 'f64', isList(times) && !coarse ? 'f64' : dtype);
  };
  for (const [name, times, anyOrder] of [
    ['saveAt.ts', saveAt.ts, false],
    ['stepTimes', stepTimes, true],
    ['jumpTimes', jumpTimes, true],
  ] as const) {
    if (times !== undefined) checkTimes(name, times, { least: 1, ends, slack: slackOf(times), anyOrder, use });
  }
}

function checkCombinations<Y, Args>(options: SolveOptions<Y, Args>, solver: OdeSolver, fixed: boolean): void {
  const { mass, adjoint, reverseMode, events, onProgress, project, saveAt = {} } = options;
  if (mass !== undefined) {
    if (!Array.isArray((mass as { shape?: unknown } | null)?.shape))
      fail('mass must be a square matrix as a tensor. Make one with tensor(…).');
    if (!solver.allowsMass) fail(`${solver.name} takes no mass matrix. Use radauIIA5(), sdirk2() or implicitEuler().`);
  }
  if (reverseMode && fixed && !events?.length) return;
  if (onProgress && reverseMode)
    fail('onProgress reads the solve from outside, so reverseMode cannot pass it. Leave one out.');
  if (!adjoint) return;
  const clash = (['reverseMode', 'checkpoint', 'mass', 'onProgress'] as const).filter((name) => options[name]);
  if (events?.length) clash.push('events' as never);
  if (options.jumpTimes !== undefined && !isList(options.jumpTimes)) clash.push('jumpTimes as a tensor' as never);
  if (project) clash.push('project' as never);
  if (saveAt.steps) clash.push('saveAt.steps' as never);
  if (saveAt.dense) clash.push('saveAt.dense' as never);
  if (clash.length > 0)
    fail(`adjoint 'backsolve' does not go with ${clash.join(', ')}. Leave them out, or use reverseMode: true.`);
}
