import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  random,
  scope,
  type Tensor,
  tensor,
  tree,
} from '@flowfield/tensor-webgpu';
import { type BatchStream, rowCount, takeRows } from './stream.ts';

export interface ShuffledRowsOptions {
  readonly batchSize: number;
  /** Each pair of seed and epoch has its own order of rows (default 0). */
  readonly seed?: number;
  /**
   * What becomes of the rows after the last full batch of an epoch: 'drop' (default), or 'mask': one more batch, filled up with other
   * rows, and every batch is `{ data, mask }` with a bool mask [batchSize] of the rows that count.
   */
  readonly remainder?: 'drop' | 'mask';
}

/** A batch in which only the rows of the mask count. */
export interface MaskedRows<D> {
  readonly data: D;
  /** bool [batchSize]. */
  readonly mask: Tensor;
}

/**
 * Every row once per epoch, in an order drawn anew for each; the rows left over after the last full batch of an epoch are
 * not used in it, unless `remainder` is 'mask'. The host sends row numbers only, the data stay on their device.
 * @throws ArgumentError for a batch size below 1 or above the number of rows, or tensors of different numbers of rows.
 */
export function shuffledRows<D>(
  data: D,
  options: ShuffledRowsOptions & { readonly remainder: 'mask' },
): BatchStream<MaskedRows<D>>;
export function shuffledRows<D>(data: D, options: ShuffledRowsOptions): BatchStream<D>;
export function shuffledRows<D>(data: D, options: ShuffledRowsOptions): BatchStream<D | MaskedRows<D>> {
  const {
    batchSize,
    seed = 0,
    remainder = 'drop',
  } = checkedOptions('shuffledRows', options, ['batchSize', 'seed', 'remainder']);
  if (remainder !== 'drop' && remainder !== 'mask') {
    throw new ArgumentError(`shuffledRows: remainder must be 'drop' or 'mask', got ${String(remainder)}.`);
  }
  checkedWhole('shuffledRows: batchSize', batchSize);
  const rows = rowCount('shuffledRows', data);
  if (batchSize > rows) {
    throw new ArgumentError(
      `shuffledRows: batchSize ${batchSize} exceeds the ${rows} rows. Choose a smaller batch, or randomRows.`,
    );
  }
  const device = tree.leaves<Tensor>(data)[0].device?.name;
  const masked = remainder === 'mask';
  const perEpoch = masked ? Math.ceil(rows / batchSize) : Math.floor(rows / batchSize);
  let cached: { readonly epoch: number; readonly order: Int32Array } | null = null;

  async function orderOf(epoch: number): Promise<Int32Array> {
    if (cached?.epoch !== epoch) {
      using order = scope(() => random.permutation(random.foldIn(random.key(seed, { device }), epoch), rows));
      cached = { epoch, order: (await order.data()) as Int32Array };
    }
    return cached.order;
  }

  return {
    async host(first, count) {
      const indices = new Int32Array(count * batchSize);
      for (let i = 0; i < count; i++) {
        const order = await orderOf(Math.floor((first + i) / perEpoch));
        const start = ((first + i) % perEpoch) * batchSize;
        // The batch that runs over the end is filled up from the beginning.
        for (let j = 0; j < batchSize; j++) indices[i * batchSize + j] = order[(start + j) % rows];
      }
      return tensor(indices, { shape: [count, batchSize], device });
    },
    batch(part, _key, step) {
      const batch = takeRows(data, part as Tensor);
      if (!masked) return batch;
      const start = step.mod(perEpoch).mul(batchSize);
      const places = tensor(
        Int32Array.from({ length: batchSize }, (_, j) => j),
        { device },
      );
      return { data: batch, mask: places.add(start).less(rows) };
    },
  };
}
