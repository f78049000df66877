import { defaultDevice, random, stack, type Tensor } from '@flowfield/tensor-webgpu';

/** The dtypes in which the laws hold. */
export type Precision = 'f32' | 'f64';

/** What a law is checked with: a dtype, on the default device. */
export interface Ground {
  readonly dtype: Precision;
  /** Normal numbers, the same ones in every dtype and on every device, moved by `f` in f64 before they are rounded. */
  drawn(seed: number, shape: readonly number[], f?: (x: Tensor) => Tensor): Tensor;
  /** Any numbers in f64 of the CPU, there where the law is checked. */
  here(x: Tensor): Tensor;
}

/** Something that is exactly true, and how far rounding may put it off. */
export interface Law {
  readonly name: string;
  readonly atMost: Readonly<Record<Precision, number>>;
  /** How far off it is: a scalar, which nobody has to read at once. */
  error(ground: Ground): Tensor;
}

export const law = (name: string, f32: number, f64: number, error: Law['error']): Law => ({
  name,
  atMost: { f32, f64 },
  error,
});

export function groundOf(dtype: Precision): Ground {
  const here = (x: Tensor): Tensor => x.astype(dtype).to(defaultDevice().name);
  return {
    dtype,
    here,
    drawn: (seed, shape, f = (x) => x) =>
      here(f(random.normal(random.key(seed, { device: 'cpu' }), [...shape], { dtype: 'f64' }))),
  };
}

/** max |a - b|. */
export const distance = (a: Tensor, b: Tensor): Tensor => a.sub(b).abs().max();

/** max |a - b| / max |b|. */
export const relative = (a: Tensor, b: Tensor): Tensor => distance(a, b).div(b.abs().max());

export const worst = (errors: readonly Tensor[]): Tensor =>
  errors.length === 1 ? errors[0] : stack([...errors], 0).max();

/** 0 where x is at least `bound`, else by how much it is below. */
export const below = (x: Tensor, bound: number): Tensor => x.neg().add(bound).maximum(0);

/** x with axes relabelled: entry i of the result is entry order[i]. */
export const relabel = (x: Tensor, axes: readonly number[], order: readonly number[]): Tensor =>
  axes.reduce((y, axis) => y.take([...order], { axis }), x);

/** The numbers below n in another order. */
export const shuffle = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => i).sort((a, b) => ((a * 7919 + 13) % 101) - ((b * 7919 + 13) % 101));

/**
 * A slope found backwards against the one found forwards, relative where it is large. Differences of values would tell less
 * in f32.
 */
export const slopeGap = (backward: Tensor, forward: Tensor): Tensor =>
  backward.sub(forward).abs().div(forward.abs().maximum(1));
