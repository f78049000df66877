import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkTensor,
  ShapeError,
  stack,
  type Tensor,
  tensor,
  tree,
} from '@flowfield/tensor-webgpu';

export interface PadRaggedOptions {
  /** The common number of rows (default: that of the longest item). */
  readonly length?: number;
  /** Round the number of rows up to a multiple of this (default 1), so that few shapes come up. */
  readonly multiple?: number;
  /** What padding holds (default 0). */
  readonly fill?: number;
}

/** Items of different lengths in tensors of one shape. */
export interface PaddedItems<T> {
  /** A tree like an item, with leaves [items, length, …]. */
  readonly values: T;
  /** bool [items, length]: true where an item has a row. */
  readonly mask: Tensor;
  /** i32 [items]. */
  readonly lengths: Tensor;
}

/**
 * Items of different numbers of rows, such as graphs or point clouds, padded to one: each item is a tree of tensors with one common
 * first extent, and the result a tree of tensors [items, length, …] with a mask. It may be a batch, or a data set for `randomRows`.
 * @throws ArgumentError for no items, or one whose tensors have different numbers of rows; ShapeError for one that is longer than
 *   `length`, or of other shapes than the first.
 */
export function padRagged<T>(items: readonly T[], options: PadRaggedOptions = {}): PaddedItems<T> {
  const { length, multiple = 1, fill = 0 } = checkedOptions('padRagged', options, ['length', 'multiple', 'fill']);
  checkedWhole('padRagged: multiple', multiple);
  if (length !== undefined) checkedWhole('padRagged: length', length);
  if (!Array.isArray(items) || items.length === 0) {
    throw new ArgumentError('padRagged: expected a list with at least one item. Give trees of tensors.');
  }
  const counts = items.map((item, i) => rowsOf(item, i));
  const longest = Math.max(...counts);
  const extent = Math.ceil((length ?? Math.max(1, longest)) / multiple) * multiple;
  if (longest > extent) {
    throw new ShapeError(
      `padRagged: item ${counts.indexOf(longest)} has ${longest} rows, which is more than the length ${extent}. Raise length, or cut the item.`,
    );
  }
  const join = (...leaves: Tensor[]): Tensor => {
    const tails = leaves.map((leaf) => `${leaf.dtype}[${leaf.shape.slice(1).join(', ')}]`);
    const odd = tails.findIndex((tail) => tail !== tails[0]);
    if (odd > 0) {
      throw new ShapeError(
        `padRagged: rows of item 0 are ${tails[0]}, those of item ${odd} ${tails[odd]}. Give all items rows of one shape.`,
      );
    }
    return stack(
      leaves.map((leaf) => {
        const widths = leaf.shape.map((rows, axis): [number, number] => [0, axis === 0 ? extent - rows : 0]);
        return leaf.pad(widths, { value: fill });
      }),
    );
  };
  const [first, ...rest] = items as readonly T[];
  const device = tree.leaves<Tensor>(first)[0].device?.name;
  const mask = Uint8Array.from({ length: counts.length * extent }, (_, k) =>
    k % extent < counts[Math.floor(k / extent)] ? 1 : 0,
  );
  return {
    values: tree.map(join, first, ...rest) as T,
    mask: tensor(mask, { shape: [counts.length, extent], dtype: 'bool', device }),
    lengths: tensor(Int32Array.from(counts), { device }),
  };
}

/** The common number of rows of the tensors of an item; may be 0. */
function rowsOf(item: unknown, i: number): number {
  const leaves = tree.leaves<Tensor>(item);
  for (const leaf of leaves) checkTensor('padRagged', `item ${i}`, leaf);
  const counts = [...new Set(leaves.map((leaf) => leaf.shape.at(0)))];
  if (counts.length === 1 && counts[0] !== undefined) return counts[0];
  throw new ArgumentError(
    `padRagged: expected tensors with one common number of rows in item ${i}, got ${leaves.map((leaf) => `[${leaf.shape.join(', ')}]`).join(', ') || 'none'}.`,
  );
}
