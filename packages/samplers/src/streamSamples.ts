import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkFunctions,
  random,
  type Tensor,
  type TypedArray,
} from '@flowfield/tensor-webgpu';
import type { BatchProgress } from './mapBatches.ts';

export interface StreamOptions {
  /** Samples in all. */
  readonly count: number;
  /** Rows of one chunk (default 1024): with the model they set the memory. */
  readonly batchSize?: number;
  readonly key: random.Key;
  readonly onProgress?: (progress: BatchProgress) => void;
  /** Stops between two chunks; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Some rows of a stream, on the host. */
export interface SampleChunk {
  /** The number of the first row. */
  readonly start: number;
  /** [rows, …] */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: TypedArray;
}

/**
 * Samples in chunks, for more than memory holds: `draw(key, rows)` makes a batch of samples (rows, …), or a promise of it, and is called with
 * always the same number of rows, so that a jitted draw is compiled once; rows beyond `count` are cut off. Chunk k has the
 * key `foldIn(key, k)`. Its tensors are disposed of before the next chunk is drawn; a loop over the stream may end early.
 *
 *   for await (const { data, shape } of streamSamples(draw, { count: 100_000, key })) …
 *
 * @throws ArgumentError for options of another kind, or a draw that returns other rows; the signal's reason.
 */
export async function* streamSamples(
  draw: (key: random.Key, rows: number) => Tensor | Promise<Tensor>,
  options: StreamOptions,
): AsyncGenerator<SampleChunk, void, undefined> {
  const use = 'streamSamples';
  checkFunctions(use, draw);
  const {
    count,
    batchSize = 1024,
    key,
    onProgress,
    signal,
  } = checkedOptions(use, options, ['count', 'batchSize', 'key', 'onProgress', 'signal']);
  checkedWhole(`${use}: count`, count);
  checkedWhole(`${use}: batchSize`, batchSize);
  const rows = Math.min(batchSize, count);
  for (let start = 0, k = 0; start < count; start += rows, k++) {
    signal?.throwIfAborted();
    const chunkKey = random.foldIn(key, k);
    const batch = await draw(chunkKey, rows);
    if (!Array.isArray(batch?.shape) || batch.shape[0] !== rows) {
      throw new ArgumentError(
        `${use}: expected draw to return a tensor of ${rows} rows, got ${Array.isArray(batch?.shape) ? `shape [${batch.shape.join(', ')}]` : typeof batch}.`,
      );
    }
    const size = Math.min(rows, count - start);
    const { shape } = batch;
    const data = await batch.data();
    batch.dispose();
    chunkKey.dispose();
    const end = start + size;
    yield {
      start,
      shape: [size, ...shape.slice(1)],
      data: size === rows ? data : data.slice(0, (data.length / rows) * size),
    };
    onProgress?.({ done: end, total: count });
    await new Promise<void>((resume) => setTimeout(resume, 0));
  }
}
