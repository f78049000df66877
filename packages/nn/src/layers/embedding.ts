import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkTensor,
  type random,
  type Tensor,
  take,
  where,
} from '@flowfield/tensor-webgpu';
import { drawn, type Initializer, type ParameterDType } from '../initializers/initializer.ts';
import { normal } from '../initializers/normal.ts';
import { checkParams } from './layer.ts';

/** `table` [count, size]: one row for each index. */
export type EmbeddingParams = { table: Tensor };

export interface EmbeddingOptions {
  /** How many indices there are. A row for "no label" counts too. */
  readonly count: number;
  /** The extent of a row. */
  readonly size: number;
  /** Default standard normal, as in PyTorch. */
  readonly init?: Initializer;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

export interface Embedding {
  readonly count: number;
  readonly outputs: number;
  init(key: random.Key): EmbeddingParams;
  /** Integers [...] to rows [..., size]. */
  apply(params: EmbeddingParams, indices: Tensor): Tensor;
}

/**
 * A row of a table for each integer from 0 to count - 1: indices [...] -> [..., size]. An index outside gives a row of NaN,
 * which stops a training run by name: a wrong label cannot be seen while a step is traced.
 * @throws ArgumentError for a count or size below 1, or an unknown option; `apply` for indices that are not integers, and
 *   ArgumentError and ShapeError for parameters of another table.
 */
export function embedding(options: EmbeddingOptions): Embedding {
  const {
    count,
    size,
    init = normal(),
    dtype = 'f32',
  } = checkedOptions('embedding', options, ['count', 'size', 'init', 'dtype']);
  checkedWhole('embedding: count', count);
  checkedWhole('embedding: size', size);
  return {
    count,
    outputs: size,
    init: (key) => ({
      table: drawn('embedding: init', init, key, [count, size], { dtype, fanIn: count, fanOut: size }),
    }),
    apply(params, indices) {
      checkTensor('embedding', 'indices', indices);
      if (indices.dtype !== 'i32' && indices.dtype !== 'u32') {
        throw new ArgumentError(
          `embedding: expected integer indices (i32 or u32), got ${indices.dtype}. Cast with .astype('i32').`,
        );
      }
      checkParams('embedding', params, { table: [count, size] });
      const inside = indices.greaterEqual(0).logicalAnd(indices.less(count));
      const rows = take(params.table, where(inside, indices, 0), { axis: 0 });
      return where(inside.expandDims(-1), rows, Number.NaN);
    },
  };
}
