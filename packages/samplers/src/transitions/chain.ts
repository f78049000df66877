import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  concat,
  jit,
  knownData,
  random,
  scan,
  type Tensor,
  tensor,
} from '@flowfield/tensor-webgpu';
import { ChainTimeError, NonFiniteSampleError } from '../errors.ts';
import { scalarType } from '../rows.ts';
import { checkBatch } from '../velocity.ts';
import { checkTransition, moved, type Transition } from './transition.ts';

export interface ChainOptions {
  /** Ascending times in [0, 1], the first and the last included. */
  readonly grid?: readonly number[];
  /** Instead of a grid: this many equal steps from 0 to 1. */
  readonly steps?: number;
  readonly key: random.Key;
}

export interface SampleChainOptions extends ChainOptions {
  /** Return the points at every time too (default false). */
  readonly trajectory?: boolean;
}

export interface ChainSample {
  /** Points at the last time, (batch, …). */
  readonly x: Tensor;
  /** The times, first and last included. */
  readonly grid: readonly number[];
  /** Network evaluations per row. */
  readonly evaluations: number;
  /** Points at all times, [times, batch, …], if asked for. */
  readonly trajectory: Tensor | null;
}

/** The times of a chain. Throws `ChainTimeError` unless they ascend in [0, 1]. */
export function chainGrid(
  use: string,
  { grid, steps }: { grid?: readonly number[]; steps?: number },
): readonly number[] {
  if ((grid === undefined) === (steps === undefined)) {
    throw new ArgumentError(`${use}: expected one of grid and steps, got ${grid === undefined ? 'none' : 'both'}.`);
  }
  if (grid === undefined) {
    const count = checkedWhole(`${use}: steps`, steps as number);
    return Array.from({ length: count + 1 }, (_, i) => i / count);
  }
  if (!Array.isArray(grid) || grid.length < 2) {
    throw new ChainTimeError(`${use}: expected a grid as an array of at least 2 times.`);
  }
  grid.forEach((time, i) => {
    if (time >= 0 && time <= 1 && (i === 0 || time > grid[i - 1])) return;
    throw new ChainTimeError(
      `${use}: expected times that ascend in [0, 1], got ${i > 0 ? `${grid[i - 1]} before ` : ''}${time} at ${i}. Time runs from noise to data.`,
    );
  });
  return grid;
}

/**
 * Runs a transition through all times of a grid, as one program that can be jitted. Step k has the key
 * `random.foldIn(key, k)`. Called eagerly it is traced anew each time: jit it for many calls, or use `runChain`.
 *
 * @throws ChainTimeError for a bad grid; NonFiniteSampleError, where results can be read, with the step and the row that
 * became NaN or infinite.
 */
export function sampleChain(transition: Transition, x0: Tensor, options: SampleChainOptions): ChainSample {
  const use = 'sampleChain';
  checkTransition(use, transition);
  const { key, trajectory = false, ...times } = checkedOptions(use, options, ['grid', 'steps', 'key', 'trajectory']);
  const grid = chainGrid(use, times);
  const dtype = scalarType(checkBatch(use, x0));
  const count = grid.length - 1;
  const all = tensor(grid as number[], { dtype, device: x0.device?.name });
  const numbers = tensor(
    Uint32Array.from({ length: count }, (_, i) => i),
    { dtype: 'u32' },
  );
  const run = (start: Tensor, from: random.Key) =>
    scan<Tensor, { t: Tensor; next: Tensor; k: Tensor }, { x: Tensor | null; finite: Tensor }>(
      (x, { t, next, k }) => {
        const y = moved(use, transition, x, t, next, random.foldIn(from, k));
        return [y, { x: trajectory ? y : null, finite: allFinite(y) }];
      },
      start,
      { t: all.slice([0, count]), next: all.slice([1, count + 1]), k: numbers },
    );
  const [x, kept] = jit(run)(x0, key);
  const flags = knownData(kept.finite);
  const failed = flags ? flags.indexOf(0) : -1;
  if (failed >= 0) throw notFinite(use, grid, failed, x);
  return {
    x,
    grid,
    evaluations: count * (transition.evaluations ?? 1),
    trajectory: kept.x && concat([x0.expandDims(0), kept.x], 0),
  };
}

/** Whether all elements are finite, and tokens not negative, which stands for one that could not be drawn. */
export const allFinite = (x: Tensor): Tensor =>
  x.dtype === 'f32' || x.dtype === 'f64' ? x.isFinite().all() : x.greaterEqual(0).all();

/** The error for a step after which the points are not finite. */
export function notFinite(use: string, grid: readonly number[], step: number, x: Tensor): NonFiniteSampleError {
  const data = knownData(x);
  const index = data ? data.findIndex((value) => !Number.isFinite(value)) : -1;
  const row = index >= 0 && data ? `, row ${Math.floor(index / (data.length / x.shape[0]))}` : '';
  return new NonFiniteSampleError(
    `${use}: points became NaN or infinite (tokens could not be drawn) in step ${step}, from t = ${grid[step]} to ${grid[step + 1]}${row}. ` +
      'Look at the model there (division by 0, times it was not trained on), or end the grid earlier.',
  );
}
