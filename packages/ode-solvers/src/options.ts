import { ArgumentError, arange, checkedOptions, checkedWhole, type Tensor } from '@flowfield/tensor-webgpu';
import type { OdeSolver } from './rungeKutta.ts';
import type { FloatType } from './state.ts';
import type { ErrorNorm } from './stepControl.ts';

/** What to return: the end (default), the states at given times, at every accepted step, or a function of time. */
export interface SaveAt {
  readonly t1?: true;
  /** Times between t0 and t1, in the direction of the solve; between steps the state is interpolated. */
  readonly ts?: readonly number[] | Tensor;
  /** Every accepted step, t0 included. Adaptive solves reserve room for maxSteps; inside a trace unused rows repeat the end. */
  readonly steps?: true;
  readonly dense?: true;
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
  /** Adaptive steps: attempts allowed, accepted and rejected together (default 4096). */
  readonly maxSteps?: number;
  readonly firstStep?: number;
  /** Adaptive steps: the size below which the solve gives up (default: 16 units in the last place of the times). */
  readonly minStep?: number;
  readonly saveAt?: SaveAt;
  /** Keep only the states of the steps for the backward pass and compute the rest again. */
  readonly checkpoint?: boolean;
  /** Adaptive steps: let reverse mode pass, at the price of a loop over all `maxSteps` rounds. */
  readonly reverseMode?: boolean;
  /** Throw `OdeError` when the solve does not reach its end (default true). */
  readonly throw?: boolean;
}

export interface SolveOptions<Y, Args = undefined> extends StepChoice {
  /** Handed to f. */
  readonly args?: Args;
  /** Applied to the state after each accepted step, and to interpolated states: a projection onto a manifold, say. */
  readonly project?: (y: Y) => Y;
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
  'maxSteps',
  'firstStep',
  'minStep',
  'saveAt',
  'checkpoint',
  'reverseMode',
  'throw',
] as const satisfies readonly (keyof StepChoice)[];

/** Throws `ArgumentError` for options that are missing or have unknown names. */
export function checkNames<Y, Args>(options: SolveOptions<Y, Args>): void {
  checkedOptions('solveOde', options, [...stepOptionNames, 'args', 'project']);
  if (options.saveAt !== undefined) checkedOptions('solveOde: saveAt', options.saveAt, ['ts', 't1', 'steps', 'dense']);
}

/** Whether times are given as numbers. */
export const isList = (times: readonly unknown[] | Tensor | undefined): times is readonly number[] =>
  Array.isArray(times);

const fail = (message: string): never => {
  throw new ArgumentError(`solveOde: ${message}`);
};

/** Throws `ArgumentError` for options that are out of range or exclude each other. */
export function checkOptions(options: StepChoice, solver: OdeSolver): void {
  const { t0, t1, grid, steps, step, saveAt = {} } = options;
  if (typeof solver?.tableau !== 'object')
    fail(
      `expected a solver such as rk4() or dopri5(), got ${typeof solver === 'string' ? `'${solver}'` : typeof solver}. Make one.`,
    );
  const given = (names: readonly (keyof typeof options)[]): string[] =>
    names.filter((name) => options[name] !== undefined);
  const fixed = given(['steps', 'step', 'grid']);
  const adaptive = given(['rtol', 'atol', 'norm', 'maxSteps', 'firstStep', 'minStep', 'reverseMode']);
  if (fixed.length > 1) fail(`expected one of steps, step and grid, got ${fixed.join(' and ')}. Leave the others out.`);
  if (fixed.length > 0 && adaptive.length > 0) {
    fail(`${fixed[0]} fixes the steps, and ${adaptive.join(', ')} would control their size. Leave one of the two out.`);
  }
  if (fixed.length === 0 && !solver.tableau.errorWeights) {
    fail(`${solver.name} has no error estimate to choose steps by. Give steps, step or grid, or use dopri5().`);
  }
  if (grid === undefined && (t0 === undefined || t1 === undefined)) fail('expected t0 and t1 (or a grid). Give both.');
  if (grid !== undefined && (t0 !== undefined || t1 !== undefined))
    fail('a grid has its own ends. Leave t0 and t1 out.');
  for (const [name, t] of [
    ['t0', t0],
    ['t1', t1],
  ] as const) {
    if (typeof t === 'number' && !Number.isFinite(t)) fail(`${name} must be finite, got ${t}.`);
    if (t !== undefined && typeof t !== 'number' && typeof t.ndim !== 'number')
      fail(`${name} must be a number or a scalar tensor, got ${typeof t === 'string' ? `'${t}'` : typeof t}.`);
    if (typeof t === 'object' && t.ndim !== 0) fail(`${name} must be a scalar, got shape [${t.shape.join(', ')}].`);
  }
  if (steps !== undefined) checkedWhole('solveOde: steps', steps);
  if (step !== undefined) {
    if (!(step > 0 && Number.isFinite(step)))
      fail(`step must be a positive number, got ${step}. The direction comes from t0 and t1.`);
    if (typeof t0 !== 'number' || typeof t1 !== 'number')
      fail('step needs t0 and t1 as numbers. Use steps with tensors.');
  }
  if (grid !== undefined) checkTimes('grid', grid, 2);
  for (const name of ['rtol', 'atol'] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= 0 && Number.isFinite(value)))
      fail(`${name} must be a number of at least 0, got ${value}.`);
  }
  if (options.rtol === 0 && options.atol === 0) fail('rtol and atol are both 0, which no step can reach. Raise one.');
  for (const name of ['firstStep', 'minStep'] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0 && Number.isFinite(value)))
      fail(`${name} must be a positive number, got ${value}.`);
  }
  if (options.maxSteps !== undefined) checkedWhole('solveOde: maxSteps', options.maxSteps);
  const kinds = (['t1', 'ts', 'steps', 'dense'] as const).filter((kind) => saveAt[kind] !== undefined);
  if (kinds.length > 1) fail(`saveAt takes one of t1, ts, steps and dense, got ${kinds.join(' and ')}.`);
  if (options.reverseMode && kinds.length === 1 && kinds[0] === 'ts')
    fail('reverseMode with saveAt ts is not offered. Use saveAt dense and evaluateDense, or fixed steps.');
  if (saveAt.ts) {
    const ends = grid ?? [t0, t1];
    const [a, b] = Array.isArray(ends) ? [ends[0], ends[ends.length - 1]] : [];
    checkTimes('saveAt.ts', saveAt.ts, 1, typeof a === 'number' && typeof b === 'number' ? [a, b] : undefined);
  }
}

/** Throws unless times are a vector, strictly monotone in one direction (when known), and inside the ends. */
function checkTimes(
  name: string,
  times: readonly number[] | Tensor,
  least: number,
  ends?: readonly [number, number],
): void {
  if (!isList(times)) {
    if (times.ndim !== 1 || times.shape[0] < least)
      fail(`${name} must be a vector of at least ${least} times, got shape [${times.shape.join(', ')}].`);
    return;
  }
  if (times.length < least) fail(`${name} must have at least ${least} times, got ${times.length}.`);
  const [first, last] = ends ?? [times[0], times[times.length - 1]];
  const direction = Math.sign(last - first);
  times.forEach((time, i) => {
    if (!Number.isFinite(time)) fail(`${name}[${i}] must be finite, got ${time}.`);
    if (i > 0 && (time - times[i - 1]) * direction <= 0) {
      fail(
        `${name} must run one way, from ${first} to ${last}; got ${times[i - 1]} before ${time}. Sort it in the direction of the solve.`,
      );
    }
    if ((time - first) * direction < 0 || (last - time) * direction < 0)
      fail(`${name}[${i}] = ${time} is outside the interval from ${first} to ${last}.`);
  });
}

/** The times of fixed steps. Both ends are met exactly. */
export function gridTimes(
  { t0, t1, steps, step, grid }: StepChoice,
  dtype: FloatType,
  toTimes: (ts: readonly number[] | Tensor) => Tensor,
): Tensor {
  if (grid !== undefined) return toTimes(grid);
  if (step !== undefined) {
    const [from, to] = [t0 as number, t1 as number];
    // A remainder of rounding size does not make another step.
    const count = Math.max(1, Math.ceil(Math.abs(to - from) / step - 1e-9));
    return toTimes(
      Array.from({ length: count + 1 }, (_, i) => (i === count ? to : from + Math.sign(to - from) * step * i)),
    );
  }
  const count = steps as number;
  if (typeof t0 === 'number' && typeof t1 === 'number') {
    return toTimes(Array.from({ length: count + 1 }, (_, i) => (t0 * (count - i) + t1 * i) / count));
  }
  const share = arange(count + 1)
    .astype(dtype)
    .div(count);
  return share
    .mul(t1 as Tensor)
    .add(
      share
        .neg()
        .add(1)
        .mul(t0 as Tensor),
    )
    .astype(dtype);
}
