import { ArgumentError, checkedWhole, eye, linearize, random, type Tensor, vmap } from '@flowfield/tensor-webgpu';
import type { Velocity } from './field.ts';
import { rowTimes } from './velocity.ts';

/** How the trace of the Jacobian is found: by all d directions, or by Hutchinson's estimate. */
export type DivergenceMethod = 'exact' | Hutchinson;

export interface Hutchinson {
  readonly kind: 'hutchinson';
  readonly key: random.Key;
  /** Noise vectors per point (default 1); the variance falls with their number. */
  readonly probes?: number;
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
  const count = checkedWhole('divergence: probes', method.probes ?? 1);
  return { directions: random.rademacher(method.key, [count, ...shape], { dtype: floating }), weight: 1 / count };
}

/** `v(x, t)` and the divergence of v with respect to x for each row: [batch]. Rows must not see one another. */
export function withDivergence(velocity: Velocity, { directions, weight }: Probes) {
  return (x: Tensor, t: Tensor): { v: Tensor; div: Tensor } => {
    const [v, push] = linearize((at: Tensor) => velocity(at, t), x);
    const pushed = vmap((direction: Tensor) => push(direction))(directions);
    const axis = [0, ...Array.from({ length: x.ndim - 1 }, (_, i) => i + 2)];
    return { v, div: pushed.mul(directions).sum({ axis }).mul(weight) };
  };
}

/**
 * The divergence `div v(x, t) = sum_i dv_i / dx_i` for each row of x [batch, ...], as a function like v: [batch].
 *
 * `'exact'` takes d forward-mode products, all in one batch. Hutchinson's estimate takes the mean of `e . J e` over
 * Rademacher vectors e, and is unbiased (Hutchinson 1989; Grathwohl et al. 2019). For a `tangentField` it is the
 * divergence on the manifold.
 */
export const divergence =
  (velocity: Velocity, method: DivergenceMethod = 'exact') =>
  (x: Tensor, t: Tensor): Tensor =>
    withDivergence(velocity, probesFor(method, x))(x, rowTimes(x, t)).div;
