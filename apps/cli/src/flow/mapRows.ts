import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { Work } from '../recipes/recipe.ts';

/** Points as a plain array, row-major (rows, width). */
export interface Rows {
  readonly data: Float64Array;
  readonly width: number;
}

export interface MapRowsOptions {
  /** Names the work on the screen. */
  readonly title: string;
  /** Rows per call of `f`. */
  readonly batch: number;
}

/**
 * `f` on all rows, a batch at a time, results joined. The last batch is filled up with its first row, so that one compiled
 * program serves all of them.
 *
 * @param f takes (batch, width) and returns one row of numbers for each row
 * @throws the reason of `work.signal` when it is aborted
 */
export async function mapRows(
  { data, width }: Rows,
  { title, batch }: MapRowsOptions,
  work: Work,
  f: (rows: Tensor) => Tensor,
): Promise<Float64Array> {
  const count = data.length / width;
  const parts: Float64Array[] = [];
  for (let start = 0; start < count; start += batch) {
    work.progress(title, start, count);
    // Ctrl-C arrives between two batches, when the thread is free.
    await new Promise((resume) => setTimeout(resume, 0));
    work.signal.throwIfAborted();
    const size = Math.min(batch, count - start);
    const rows = new Float32Array(batch * width);
    for (let i = 0; i < rows.length; i++) rows[i] = data[start * width + (i < size * width ? i : i % width)];
    using input = tensor(rows, { shape: [batch, width] });
    using output = f(input);
    const values = await output.data();
    parts.push(Float64Array.from(values.subarray(0, (size * values.length) / batch)));
  }
  work.progress(title, count, count);
  return joined(parts);
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
