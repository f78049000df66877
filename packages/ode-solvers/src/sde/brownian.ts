import { ArgumentError, full, random, scan, type Tensor } from '@flowfield/tensor-webgpu';
import type { State } from '../state.ts';

/** A Brownian path over an interval, and with it the integral that methods of order 1.5 need. */
export interface Increment {
  /** `W(t) - W(s)` */
  readonly w: State;
  /** The space-time Lévy area `1/(t - s) int_s^t (W(u) - W(s)) du - (W(t) - W(s)) / 2`: independent of w, variance (t - s)/12. */
  readonly area: State;
}

/** Where the noise of a solve comes from: one increment for each step. */
export interface NoiseSource {
  increment(step: {
    readonly index: Tensor;
    readonly start: Tensor;
    readonly end: Tensor;
    readonly h: Tensor;
  }): Increment;
}

/** Shapes and dtypes of the parts of a Brownian motion. */
export type NoiseForm = readonly { readonly shape: readonly number[]; readonly dtype: 'f32' | 'f64' }[];

/** A random normal value for each part, drawn in f32 for every dtype: one key is one path in both precisions. */
export const normals = (key: Tensor, form: NoiseForm): State =>
  form.map(({ shape, dtype }, n) => {
    const own = form.length === 1 ? key : random.foldIn(key, n);
    return dtype === 'f32' ? random.normal(own, shape) : apart(own, shape).astype(dtype);
  });

/** Drawn in a loop of its own: beside f64 work the draws would be computed one by one, many times slower. */
const apart = (key: Tensor, shape: readonly number[]): Tensor =>
  scan((same: Tensor) => [same, random.normal(same, shape)], key, null, { length: 1 })[1].slice(0);

/** Independent increments, one key for each step: fast, but another number of steps is another path. */
export const freshNoise = (key: Tensor, form: NoiseForm): NoiseSource => ({
  increment({ index, h }) {
    const own = random.foldIn(key, index.astype('u32'));
    const length = h.abs();
    const scaled = (values: State, variance: Tensor): State =>
      values.map((value) => value.mul(variance.sqrt().astype(value.dtype)));
    return {
      w: scaled(normals(random.foldIn(own, 0), form), length),
      area: scaled(normals(random.foldIn(own, 1), form), length.div(12)),
    };
  },
});

/** Whether a value is a key of `random`. */
export const isKey = (value: unknown): value is Tensor => {
  const { dtype, shape } = (value ?? {}) as { dtype?: unknown; shape?: readonly number[] };
  return dtype === 'u32' && shape?.length === 1 && shape[0] === 2;
};

/** A scalar of a dtype, from a number or a tensor. */
export const scalarOf = (t: number | Tensor, dtype: 'f32' | 'f64'): Tensor =>
  typeof t === 'number' ? full([], t, { dtype }) : t.astype(dtype);

export const refuse = (use: string, message: string): never => {
  throw new ArgumentError(`${use}: ${message}`);
};
