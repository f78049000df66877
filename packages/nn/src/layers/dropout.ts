import { ArgumentError, checkedOptions, checkTensor, random, type Tensor, where } from '@flowfield/tensor-webgpu';

export interface DropoutOptions {
  /** The probability that an element becomes 0, in [0, 1). */
  readonly rate: number;
}

/**
 * Elements of x are 0 with probability `rate`, drawn from the key, and x / (1 - rate) otherwise, so that the mean stays
 * (Srivastava et al. 2014). Without a key (`null`), as in evaluation, or with rate 0, it is x.
 * @throws ArgumentError for a rate outside [0, 1), a key that is neither a tensor nor `null`, or an unknown option.
 */
export function dropout(key: random.Key | null, x: Tensor, options: DropoutOptions): Tensor {
  const { rate } = checkedOptions('dropout', options, ['rate']);
  checkTensor('dropout', 'x', x);
  checkRate('dropout', rate);
  if (key === null || rate === 0) return x;
  checkTensor('dropout', 'key', key);
  return where(random.bernoulli(key, 1 - rate, x.shape), x.mul(1 / (1 - rate)), 0);
}

/** Throws `ArgumentError` unless 0 <= rate < 1. */
export function checkRate(layer: string, rate: number): void {
  if (typeof rate === 'number' && rate >= 0 && rate < 1) return;
  throw new ArgumentError(`${layer}: rate must lie in [0, 1), got ${String(rate)}. It is the share that becomes 0.`);
}
