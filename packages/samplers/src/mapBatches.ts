import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkFunctions,
  concat,
  ShapeError,
  type Tensor,
  tree,
} from '@flowfield/tensor-webgpu';
import { checkBatch } from './velocity.ts';

export interface BatchProgress {
  /** Rows done and rows in all. */
  readonly done: number;
  readonly total: number;
}

export interface BatchOptions {
  /** Rows in a batch; the last batch may have fewer. */
  readonly batchSize: number;
  /** Called after each batch. */
  readonly onProgress?: (progress: BatchProgress) => void;
  /** Stops between two batches; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * `f` on the rows of x in batches, for sets too large for one call: the results (trees of tensors with a first axis of
 * rows) are joined along that axis; promises of them are awaited. Give `f` jitted: each size of batch is then compiled once. Between two batches the
 * event loop gets its turn.
 *
 * @throws ShapeError for results without a row for each row of their batch; ArgumentError for an f that is no function, unknown options, a batch size below 1 or no rows; the signal's reason when it is aborted.
 */
export async function mapBatches<R>(f: (x: Tensor) => R | Promise<R>, x: Tensor, options: BatchOptions): Promise<R> {
  checkFunctions('mapBatches', f);
  const { batchSize, onProgress, signal } = checkedOptions('mapBatches', options, [
    'batchSize',
    'onProgress',
    'signal',
  ]);
  const total = checkBatch('mapBatches', x).shape[0];
  checkedWhole('mapBatches: batchSize', batchSize);
  if (total === 0) throw new ArgumentError('mapBatches: expected at least one row, got none.');
  const parts: R[] = [];
  for (let start = 0; start < total; start += batchSize) {
    signal?.throwIfAborted();
    const end = Math.min(start + batchSize, total);
    parts.push(checkedPart(await f(x.slice([start, end])), end - start));
    onProgress?.({ done: end, total });
    await new Promise<void>((resume) => setTimeout(resume, 0));
  }
  signal?.throwIfAborted();
  if (parts.length === 1) return parts[0];
  const { structure } = tree.flatten(parts[0]);
  const leaves = parts.map((part) => tree.leaves(part) as Tensor[]);
  const joined = leaves[0].map((_, i) =>
    concat(
      leaves.map((part) => part[i]),
      0,
    ),
  );
  return tree.unflatten(structure, joined) as R;
}

/** Throws `ShapeError` unless every part of a result has one row for each row of its batch. */
function checkedPart<R>(part: R, rows: number): R {
  const leaves = tree.leaves(part) as Tensor[];
  const wrong = leaves.find((leaf) => !(Array.isArray(leaf?.shape) && leaf.shape[0] === rows));
  if (leaves.length > 0 && wrong === undefined) return part;
  const given = Array.isArray(wrong?.shape)
    ? `shape [${wrong.shape.join(', ')}]`
    : part === undefined
      ? 'undefined'
      : 'no tensor';
  throw new ShapeError(
    `mapBatches: expected results of ${rows} rows, one for each row of the batch, got ${given}. Return them from f.`,
  );
}
