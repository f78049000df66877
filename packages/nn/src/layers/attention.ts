import {
  ArgumentError,
  arange,
  checkedOptions,
  checkTensor,
  ShapeError,
  softmax,
  type Tensor,
  where,
} from '@flowfield/tensor-webgpu';

export interface AttentionOptions {
  /** Which keys a query may see: bool, broadcast to [..., queries, keys]. A query that sees none gives 0. */
  readonly mask?: Tensor;
  /** Whether query i sees keys 0 … i only (default false). */
  readonly causal?: boolean;
  /** Added to the scores, broadcast to [..., queries, keys]. */
  readonly bias?: Tensor;
  /** Multiplies the scores (default 1 / √size). */
  readonly scale?: number;
}

/** Far below every score, and still a number: a row of nothing else has no NaN in its derivative. */
const NEVER = -1e30;

/**
 * softmax(query keyᵀ scale + bias) value, with the softmax over the keys that `mask` and `causal` leave: query [..., n, size],
 * key [..., m, size], value [..., m, outputs] -> [..., n, outputs] (Vaswani et al. 2017, equation 1).
 * @throws ShapeError for shapes that do not fit; ArgumentError for a mask that is not bool or an unknown option.
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions = {}): Tensor {
  for (const [name, tensor] of Object.entries({ query, key, value })) checkTensor('attention', name, tensor);
  const [queries, size] = query.shape.slice(-2);
  const {
    mask,
    causal = false,
    bias,
    scale = 1 / Math.sqrt(size),
  } = checkedOptions('attention', options, ['mask', 'causal', 'bias', 'scale']);
  const [keys, keySize] = key.shape.slice(-2);
  if (query.shape.length < 2 || size !== keySize || value.shape.at(-2) !== keys) {
    throw new ShapeError(
      `attention: expected query [..., n, size], key [..., m, size] and value [..., m, outputs], got [${query.shape.join(', ')}], [${key.shape.join(', ')}] and [${value.shape.join(', ')}].`,
    );
  }
  const product = query.matmul(key.swapaxes(-1, -2)).mul(scale);
  const scores = bias ? product.add(bias) : product;
  const seen = visible(scores, queries, keys, mask, causal);
  if (!seen) return softmax(scores).matmul(value);
  const weights = softmax(where(seen, scores, NEVER));
  return where(seen, weights, 0).matmul(value);
}

/** Which scores count; `null` for all. */
function visible(
  scores: Tensor,
  queries: number,
  keys: number,
  mask: Tensor | undefined,
  causal: boolean,
): Tensor | null {
  if (mask !== undefined) {
    checkTensor('attention', 'mask', mask);
    if (mask.dtype !== 'bool') {
      throw new ArgumentError(
        `attention: expected a bool mask, true where a key is seen, got ${mask.dtype}. Compare, as in mask.greater(0).`,
      );
    }
    const tail = mask.shape.slice(-2);
    const fits = [keys, queries].every((extent, i) => [1, extent, undefined].includes(tail.at(-1 - i)));
    if (!fits || mask.shape.length > scores.shape.length) {
      throw new ShapeError(
        `attention: expected a mask that broadcasts to [${scores.shape.join(', ')}], got [${mask.shape.join(', ')}].`,
      );
    }
  }
  if (!causal) return mask ?? null;
  const made = { device: scores.device?.name };
  const row = arange(0, queries, 1, made).expandDims(1);
  const past = arange(0, keys, 1, made).lessEqual(row);
  return mask ? mask.logicalAnd(past) : past;
}
