import {
  ArgumentError,
  checkedWhole,
  full,
  oneHot,
  random,
  type Tensor,
  type TensorLike,
  takeAlongAxis,
  tensor,
} from '@flowfield/tensor-webgpu';
import { TokenError } from '../errors.ts';
import { returnedTensor } from '../returned.ts';
import { checkGiven, firstFailing } from '../times.ts';

/** The distribution of tokens at t = 0, the same and independent at each place. */
export interface TokenSource {
  readonly name: string;
  /** The number of tokens, the mask included: tokens are 0 … vocabulary - 1. */
  readonly vocabulary: number;
  /** The probability of each token, f64 [vocabulary]. */
  readonly probabilities: Tensor;
  /** Tokens (i32) of any shape. */
  sample(key: random.Key, shape: readonly number[]): Tensor;
}

/** Every token is equally likely. */
export function uniformSource(vocabulary: number): TokenSource {
  checkedWhole('uniformSource: vocabulary', vocabulary, 2);
  return {
    name: 'uniform',
    vocabulary,
    probabilities: full([vocabulary], 1 / vocabulary, { dtype: 'f64' }),
    sample: (key, shape) => random.randint(key, shape, 0, vocabulary),
  };
}

/** Every place holds the mask, by default the last token of the vocabulary. */
export function maskSource(vocabulary: number, mask = vocabulary - 1): TokenSource {
  checkedWhole('maskSource: vocabulary', vocabulary, 2);
  if (!(Number.isInteger(mask) && mask >= 0 && mask < vocabulary)) {
    throw new ArgumentError(
      `maskSource: expected a mask from 0 to ${vocabulary - 1}, got ${mask}. Count tokens from 0.`,
    );
  }
  return {
    name: `mask(${mask})`,
    vocabulary,
    probabilities: oneHot(tensor(mask, { dtype: 'i32' }), vocabulary, { dtype: 'f64' }),
    sample: (_key, shape) => full(shape as number[], mask, { dtype: 'i32' }),
  };
}

/** Tokens as i32. Plain numbers must be whole. @throws TokenError for floating tensors and for fractions. */
export function asTokens(use: string, name: string, tokens: TensorLike): Tensor {
  checkGiven(use, name, tokens);
  const isTensor = typeof tokens === 'object' && 'shape' in tokens;
  const given = tensor(tokens as TensorLike);
  if (given.dtype === 'i32') return given as Tensor;
  if (given.dtype === 'u32') return given.astype('i32');
  const whole = !isTensor && given.dataSync().every((value) => Number.isInteger(value));
  if (whole) return given.astype('i32');
  throw new TokenError(
    `${use}: expected ${name} as tokens, whole numbers (i32), got ${isTensor ? given.dtype : 'numbers with fractions'}. Discrete paths act on tokens; use affinePath for real numbers, or .astype('i32').`,
  );
}

/** Logits (…, vocabulary) for tokens (…). @throws TokenError for another shape. */
export function checkLogits(use: string, given: unknown, tokens: Tensor): Tensor {
  const logits = returnedTensor(use, 'logits', given);
  const { shape } = logits;
  if (shape.length === tokens.shape.length + 1 && tokens.shape.every((extent, i) => extent === shape[i])) return logits;
  throw new TokenError(
    `${use}: expected logits of shape [${[...tokens.shape, 'vocabulary'].join(', ')}], got [${shape.join(', ')}]. Return one number for each token at each place.`,
  );
}

/** The element of `table` (…, vocabulary) that belongs to each token (…). */
export const atTokens = (table: Tensor, tokens: Tensor): Tensor =>
  takeAlongAxis(table, tokens.expandDims(-1), -1).squeeze(-1);

/** Throws `TokenError` for a known token outside 0 … vocabulary - 1. */
export function checkRange(use: string, name: string, tokens: Tensor, vocabulary: number): void {
  const bad = firstFailing(tokens, (token) => token < 0 || token >= vocabulary);
  if (bad === null) return;
  throw new TokenError(
    `${use}: expected ${name} with tokens from 0 to ${vocabulary - 1}, got ${bad.value}. Enlarge the vocabulary (a mask counts), or look at the encoding.`,
  );
}
