import { composite } from '../ops/composite.ts';
import { asFloat, asTensor, broadcastValue } from '../ops/operands.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { range, type Shape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { whileLoop } from '../transforms/control/loops.ts';
import { bitsFor, foldIn, type Key, placeOfKey, split, wideBits } from './key.ts';
import { checkedElements } from './parameters.ts';

/** Probabilities from here on are right to the rounding of f32 after 32 binary digits. */
const ENOUGH_AT_ONCE = 2 ** -8;

/** A comparison of random digits with those of p that goes on where all digits so far are equal. */
interface Comparison {
  readonly key: Key;
  /** The digits of p that are left, as a fraction. */
  readonly rest: Tensor;
  readonly tied: Tensor;
  readonly below: Tensor;
}

/** Compares the next 32 binary digits. */
function nextDigits({ key, rest, tied, below }: Comparison, word: Value): Comparison {
  const scaled = lax.mul(rest, 2 ** 32);
  const digits = lax.floor(scaled);
  // A power of two is no u32; p = 1 is above all digits.
  const whole = lax.ge(scaled, 2 ** 32);
  const wanted = lax.cast(lax.select(whole, 0, digits), 'u32');
  const less = lax.or(whole, lax.lt(word, wanted));
  return {
    key,
    rest: lax.sub(scaled, digits) as Tensor,
    tied: lax.and(tied, lax.and(lax.eq(word, wanted), lax.not(whole))) as Tensor,
    below: lax.or(below, lax.and(tied, less)) as Tensor,
  };
}

/** Whether u < p for u uniform in [0, 1) of as many binary digits as it takes to tell. */
function belowProbability(key: Key, p: Value): Value {
  const { shape } = p;
  const rest = lax.select(lax.and(lax.gt(p, 0), lax.le(p, 1)), p, lax.select(lax.gt(p, 1), 1, lax.zeros(p))) as Tensor;
  const open = lax.gt(rest, 0) as Tensor;
  let start: Comparison = { key: foldIn(key, 0), rest, tied: open, below: lax.not(lax.ge(rest, 0)) as Tensor };
  for (const word of p.dtype === 'f64' ? wideBits('bernoulli', key, shape) : [bitsFor('bernoulli', key, shape)])
    start = nextDigits(start, word);
  // Nothing is left to compare where the digits of p have ended, and hardly ever does one round not settle the rest.
  const { below } = whileLoop<Comparison>(
    ({ tied, rest }) =>
      lax.gt(lax.reduceSum(lax.cast(unsettled(tied, rest), 'i32'), range(0, shape.length)), 0) as Tensor,
    (now) => {
      const [next, own] = split(now.key);
      return nextDigits({ ...now, key: next }, bitsFor('bernoulli', own, shape));
    },
    start,
  );
  return below;
}

const unsettled = (tied: Value, rest: Value): Value => lax.and(tied, lax.gt(rest, 0));

/**
 * true with probability `p` (default 1/2), as bool; of the shape of `p` unless `shape` is given. The probability is right to
 * the smallest p: random digits are drawn until they differ from those of p.
 * @throws ArgumentError for p outside [0, 1]; inside a trace, where they cannot be seen, and in tensors of more than 2¹⁶
 * elements, those below 0 and NaN count as 0 and those above 1 as 1.
 */
export function bernoulli(key: Key, p: TensorLike = 0.5, shape?: Shape): Tensor {
  checkedElements('random.bernoulli', 'p', p, (value) => value >= 0 && value <= 1, 'in [0, 1]');
  return composite('random.bernoulli', () => {
    const probability = asFloat(asTensor(p, placeOfKey(key)));
    const size = shape ?? probability.shape;
    if (typeof p === 'number' && (p >= ENOUGH_AT_ONCE || p === 0)) {
      const digits = Math.round(p * 2 ** 32);
      if (digits < 2 ** 32) return lax.lt(bitsFor('bernoulli', key, size), digits);
      return lax.full(size, 1, 'bool');
    }
    return belowProbability(key, lax.stopGradient(spread(broadcastValue('random.bernoulli', probability, size), size)));
  });
}

/** A plain number, which broadcasting leaves alone, over a shape. */
const spread = (value: Value, shape: Shape): Value =>
  value.state.kind === 'literal' ? lax.full(shape, value.state.literal.value, value.dtype) : value;
