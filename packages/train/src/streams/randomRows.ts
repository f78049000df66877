import { checkedOptions, checkedWhole, random } from '@flowfield/tensor-webgpu';
import { type BatchStream, rowCount, takeRows } from './stream.ts';

/**
 * `batchSize` rows of a data set per step, drawn with replacement on the device. `data` is a tree of tensors with one common
 * number of rows; batches are trees like it.
 * @throws ArgumentError for a batch size below 1 or tensors of different numbers of rows.
 */
export function randomRows<D>(data: D, options: { readonly batchSize: number }): BatchStream<D> {
  const { batchSize } = checkedOptions('randomRows', options, ['batchSize']);
  checkedWhole('randomRows: batchSize', batchSize);
  const rows = rowCount('randomRows', data);
  return {
    host: () => null,
    batch: (_part, key) => takeRows(data, random.randint(key, [batchSize], 0, rows)),
  };
}
