import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { tensor } from '../ops/creation.ts';
import { stack } from '../ops/join.ts';
import { castTo, checkInteger, isTensor } from '../ops/operands.ts';
import { reshape } from '../ops/reshape.ts';
import { slice } from '../ops/slice.ts';
import { lax } from '../primitives/lax.ts';
import type { Value } from '../program/value.ts';
import { checkShape, type Shape, showShape, sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A random state: two u32 words, shape [2]. It is never changed; `split` makes new ones. */
export type Key = Tensor;

/**
 * The key of a seed, an integer from 0 to 2⁵³ - 1. Equal seeds give equal numbers on every device.
 * @throws ArgumentError for any other seed.
 */
export function key(seed: number, options: { readonly device?: string } = {}): Key {
  checkedOptions('random.key', options, ['device']);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ArgumentError(`random.key: the seed must be an integer from 0 to 2^53 - 1, got ${seed}.`);
  }
  return tensor(new Uint32Array([Math.floor(seed / 2 ** 32), seed % 2 ** 32]), { device: options.device });
}

/** The name of the device of a key. What is no key has none: the draw says so. */
export const placeOfKey = (k: Key): string | undefined => (isTensor(k) ? k.device?.name : undefined);

/** Throws `ArgumentError` unless `k` is a key. */
function words(op: string, k: Key): [Value, Value] {
  if (!isTensor(k) || k.dtype !== 'u32' || k.shape.length !== 1 || k.shape[0] !== 2) {
    const given = isTensor(k) ? `${k.dtype}${showShape(k.shape)}` : String(k);
    throw new ArgumentError(
      `random.${op}: expected a key, which is u32[2], got ${given}. Make one with random.key(seed), and take one row of random.split(key, n).`,
    );
  }
  return [slice(k, 0), slice(k, 1)];
}

/** Threefry of the counters 0, 1, …, one for each element of `shape`: two u32 words each. */
function counted(op: string, k: Key, shape: Shape): [Value, Value] {
  checkShape(`random.${op}`, shape);
  const size = sizeOf(shape);
  if (size > 2 ** 32)
    throw new ArgumentError(`random.${op}: ${size} numbers from one key are too many; at most 2^32. Split the key.`);
  const [k0, k1] = words(op, k).map((word) => lax.broadcastInDim(word, [size], []));
  const [high, low] = lax.threefry2x32(k0, k1, 0, lax.iota([size], 0, 'u32'));
  return [reshape(high as Tensor, shape), reshape(low as Tensor, shape)];
}

/** `count` independent keys (u32 [count, 2]) from one: `const [a, b] = random.split(key)`. Do not use the old one again. */
export const split = (k: Key, count = 2): Tensor =>
  composite('random.split', () => {
    const [high, low] = counted('split', k, [count]);
    return stack([high, low], -1);
  });

/** The key number `data` (u32) of a family of independent keys; for keys by step or by index. */
export const foldIn = (k: Key, data: number | Tensor): Key =>
  composite('random.foldIn', () => {
    const number = isTensor(data)
      ? checkInteger('random.foldIn', 'data', data)
      : lax.full([], checkedNumber(data), 'u32');
    const [k0, k1] = words('foldIn', k);
    return stack(lax.threefry2x32(k0, k1, 0, castTo(number, 'u32')));
  });

function checkedNumber(data: number): number {
  if (Number.isInteger(data) && data >= 0 && data < 2 ** 32) return data;
  throw new ArgumentError(`random.foldIn: data must be an integer from 0 to 2^32 - 1, got ${data}.`);
}

/**
 * Random bits: u32 of the given shape, Threefry-2x32 with 20 rounds on the element's number (Salmon et al.
 * 2011), the two words joined by exclusive or. Equal to `jax.random.bits` with partitionable threefry.
 */
export const bits = (k: Key, shape: Shape): Tensor => bitsFor('bits', k, shape);

/** The same for the law `op`, by whose name errors go. */
export const bitsFor = (op: string, k: Key, shape: Shape): Tensor =>
  composite(`random.${op}`, () => {
    const [high, low] = counted(op, k, shape);
    return lax.xor(high, low);
  });

/** Both words of each element: 64 random bits. */
export const wideBits = (op: string, k: Key, shape: Shape): [Value, Value] => counted(op, k, shape);
