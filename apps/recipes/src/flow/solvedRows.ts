import { OdeError, type OdeSolution } from '@flowfield/ode-solvers';
import { mapBatches } from '@flowfield/samplers';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { Work } from '../work.ts';

/** What one row gives, and how its solve ended: each of shape [rows, ...]. */
export type SolvedRows = {
  readonly value: Tensor;
  readonly code: Tensor;
  readonly time: Tensor;
  readonly step: Tensor;
};

/** `value` beside the end of the solve that it came from, in a form that leaves a `jit` and can be joined by rows. */
export function withOutcome(value: Tensor, { code, t, h }: OdeSolution<unknown>): SolvedRows {
  const perRow = (scalar: Tensor): Tensor => scalar.broadcastTo([value.shape[0]]);
  return { value, code: perRow(code), time: perRow(t), step: perRow(h) };
}

export interface RowsOptions {
  /** Names the work on the screen. */
  readonly title: string;
  /** Most rows in one call of `solve`. */
  readonly batch: number;
  /** Numbers in a row; 3 when left out. */
  readonly width?: number;
}

/**
 * The values of `solve` for points of R^width, row-major (rows, width), batch by batch, as one array. Batches have nearly equal
 * sizes, so that at most two are compiled.
 *
 * @throws OdeError when a solve did not reach its end; the reason of `work.signal` when it is aborted
 */
export async function solvedRows(
  points: Float64Array,
  { title, batch, width = 3 }: RowsOptions,
  work: Work,
  solve: (x: Tensor) => SolvedRows,
): Promise<Float64Array> {
  const rows = points.length / width;
  const batches = Math.ceil(rows / batch);
  using x = tensor(Float32Array.from(points), { shape: [rows, width] });
  work.progress(title, 0, rows);
  const solved = await mapBatches(solve, x, {
    batchSize: Math.ceil(rows / batches),
    signal: work.signal,
    onProgress: ({ done }) => work.progress(title, done, rows),
  });
  const [values, codes, times, steps] = await Promise.all(
    [solved.value, solved.code, solved.time, solved.step].map((part) => part.data()),
  );
  const failed = codes.findIndex((code) => code !== 0);
  if (failed >= 0) throw new OdeError({ code: codes[failed], time: times[failed], step: steps[failed], row: failed });
  return Float64Array.from(values);
}
