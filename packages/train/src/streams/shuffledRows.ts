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
}

/**
 * Every row once per epoch, in an order drawn anew for each; the rows left over after the last full batch of an epoch are
 * not used in it. The host sends row numbers only, the data stay on their device.
 * @throws ArgumentError for a batch size below 1 or above the number of rows, or tensors of different numbers of rows.
 */
export function shuffledRows<D>(data: D, options: ShuffledRowsOptions): BatchStream<D> {
  const { batchSize, seed = 0 } = checkedOptions('shuffledRows', options, ['batchSize', 'seed']);
  checkedWhole('shuffledRows: batchSize', batchSize);
  const rows = rowCount('shuffledRows', data);
  if (batchSize > rows) {
    throw new ArgumentError(
      `shuffledRows: batchSize ${batchSize} exceeds the ${rows} rows. Choose a smaller batch, or randomRows.`,
    );
  }
  const device = tree.leaves<Tensor>(data)[0].device?.name;
  const perEpoch = Math.floor(rows / batchSize);
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
        indices.set(order.subarray(start, start + batchSize), i * batchSize);
      }
      return tensor(indices, { shape: [count, batchSize], device });
    },
    batch: (part) => takeRows(data, part as Tensor),
  };
}
