import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  eye,
  linearize,
  random,
  type Tensor,
  vmap,
} from '@flowfield/tensor-webgpu';
import { checkOneOf } from './choices.ts';
import type { Velocity } from './field.ts';
import { returnedLike } from './returned.ts';
import { checkBatch, rowTimes } from './velocity.ts';

/** How the trace of the Jacobian is found: by all d directions, or by Hutchinson's estimate. */
export type DivergenceMethod = 'exact' | Hutchinson;

export interface Hutchinson {
  readonly kind: 'hutchinson';
  readonly key: random.Key;
  /** Noise vectors per point (default 1); the variance falls with their number. */
  readonly probes?: number;
  /** The law of their elements: 'rademacher' (±1, default), which has the smallest variance, or 'gaussian'. */
  readonly noise?: 'rademacher' | 'gaussian';
}

/** Directions for all rows at once, [directions, ...shape of x], and the weight of each product e · J e. */
interface Probes {
  readonly directions: Tensor;
  readonly weight: number;
}

/**
 * Directions to probe the Jacobian of points like `x` with. They do not depend on the values of x: draw them once per
 * solve, so that an adaptive solver sees one smooth function.
 */
export function probesFor(method: DivergenceMethod, x: Tensor): Probes {
  const { shape, dtype } = x;
  const floating = dtype === 'f64' ? 'f64' : 'f32';
  if (method === 'exact') {
    const size = shape.slice(1).reduce((product, extent) => product * extent, 1);
    const unit = eye(size, size, { dtype, device: x.device?.name }).reshape([size, 1, ...shape.slice(1)]);
    return { directions: unit.broadcastTo([size, ...shape]), weight: 1 };
  }
  if (method?.kind !== 'hutchinson') {
    throw new ArgumentError(
      `divergence: expected the method 'exact' or { kind: 'hutchinson', key }, got ${typeof method === 'string' ? `'${method}'` : typeof method}. Check the spelling.`,
    );
  }
  const {
    key,
    probes = 1,
    noise = 'rademacher',
  } = checkedOptions('divergence', method, ['kind', 'key', 'probes', 'noise']);
  const count = checkedWhole('divergence: probes', probes);
  checkOneOf('divergence', 'a noise', noise, ['rademacher', 'gaussian']);
  if (key === undefined)
    throw new ArgumentError(
      'divergence: the noise of Hutchinson is drawn. Give { kind, key }, with random.key(seed) say.',
    );
  const draw = noise === 'gaussian' ? random.normal : random.rademacher;
  return { directions: draw(key, [count, ...shape], { dtype: floating }), weight: 1 / count };
}

/** `v(x, t)` and the divergence of v with respect to x for each row: [batch]. Rows must not see one another. */
export function withDivergence(velocity: Velocity, { directions, weight }: Probes) {
  return (x: Tensor, t: Tensor): { v: Tensor; div: Tensor } => {
    const [v, push] = linearize((at: Tensor) => returnedLike('divergence', 'a velocity', velocity(at, t), at), x);
    const pushed = vmap((direction: Tensor) => push(direction))(directions);
    const axis = [0, ...Array.from({ length: x.ndim - 1 }, (_, i) => i + 2)];
    return { v, div: pushed.mul(directions).sum({ axis }).mul(weight) };
  };
}

/**
 * The divergence `div v(x, t) = sum_i dv_i / dx_i` for each row of x [batch, ...], as a function like v: [batch].
 *
 * `'exact'` takes d forward-mode products, all in one batch. Hutchinson's estimate takes the mean of `e . J e` over
 * Rademacher (or Gaussian) vectors e, and is unbiased (Hutchinson 1989; Grathwohl et al. 2019). For a `tangentField` it is the
 * divergence on the manifold.
 */
export const divergence =
  (velocity: Velocity, method: DivergenceMethod = 'exact') =>
  (x: Tensor, t: Tensor | number): Tensor =>
    withDivergence(velocity, probesFor(method, checkBatch('divergence', x)))(x, rowTimes(x, t)).div;
