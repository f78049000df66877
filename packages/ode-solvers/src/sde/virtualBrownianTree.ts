import { checkedOptions, linalg, random, scan, type Tensor, tensor, vmap, where } from '@flowfield/tensor-webgpu';
import type { State } from '../state.ts';
import { canRead } from '../times.ts';
import { isKey, type NoiseForm, type NoiseSource, normals, refuse, scalarOf } from './brownian.ts';

export interface BrownianTreeOptions {
  readonly t0: number;
  readonly t1: number;
  /** The shape of W(t) (default: a scalar). */
  readonly shape?: readonly number[];
  /** Default f32. */
  readonly dtype?: 'f32' | 'f64';
  /** Times are told apart down to this share of the interval (default 2^-16); below it the path is its conditional mean. */
  readonly tolerance?: number;
  /** Correlation or covariance of the last axis, [m, m]: positive definite. Default: independent. */
  readonly covariance?: Tensor | readonly (readonly number[])[];
  /** W(t1), which pins the path at both ends: a Brownian bridge. Default: random. */
  readonly end?: Tensor | number;
}

/** A Brownian path that can be asked at any time, in any order, and answers the same. W(t0) = 0. */
export interface BrownianPath extends NoiseSource {
  readonly t0: number;
  readonly t1: number;
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'f64';
  /** W(t); for a vector of times [m] with a first axis m. */
  at(t: number | readonly number[] | Tensor): Tensor;
  /** `w = W(t) - W(s)` and the space-time Lévy area of the interval, in either direction. */
  between(s: number | Tensor, t: number | Tensor): { readonly w: Tensor; readonly area: Tensor };
}

/** A time, W there, and the integral of W from t0 to there. */
interface Place {
  readonly w: Tensor;
  readonly integral: Tensor;
}

interface Node {
  readonly key: Tensor;
  /** The start of the interval, as a share of the whole, and its length. */
  readonly start: Tensor;
  readonly length: Tensor;
  readonly w: Tensor;
  readonly integral: Tensor;
  /** W over the interval, and its Lévy area. */
  readonly rise: Tensor;
  readonly area: Tensor;
}

const optionNames = ['t0', 't1', 'shape', 'dtype', 'tolerance', 'covariance', 'end'] as const;

/**
 * A virtual Brownian tree: W(t) is found by halving the interval, each half drawn from the law of its parent, W and Lévy
 * area together, with a key of its own. So steps of any size, forwards and backwards, see one path, and nothing is
 * stored; a query costs as many draws as there are levels (Jelinčič, Foster and Kidger 2024).
 *
 * @throws ArgumentError for a key, an interval, tolerance or option that is none, and for times outside the interval
 * (inside a trace: NaN).
 */
export function virtualBrownianTree(key: Tensor, options: BrownianTreeOptions): BrownianPath {
  const use = 'virtualBrownianTree';
  const {
    t0,
    t1,
    shape = [],
    dtype = 'f32',
    tolerance = 2 ** -16,
    covariance,
    end,
  } = checkedOptions(use, options, optionNames);
  if (!isKey(key)) refuse(use, `expected a key first, which is u32[2]. Make one with random.key(seed).`);
  if (!(Number.isFinite(t0) && Number.isFinite(t1) && t0 < t1))
    refuse(use, `t0 must be a number below t1, got ${t0} and ${t1}. Swap them; steps may run backwards on the path.`);
  if (!(tolerance > 0 && tolerance <= 1))
    refuse(use, `tolerance must be a share of the interval, 0 to 1, got ${tolerance}.`);
  if (!Array.isArray(shape) || !shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
    refuse(use, `shape must be a list of whole numbers of at least 0, got ${JSON.stringify(shape)}. Correct it.`);
  if (dtype !== 'f32' && dtype !== 'f64') refuse(use, `dtype must be 'f32' or 'f64', got '${dtype}'.`);
  const pin = end === undefined ? undefined : pinOf(end, shape, dtype);
  const levels = Math.ceil(-Math.log2(tolerance));
  const span = t1 - t0;
  const form: NoiseForm = [{ shape, dtype }];
  const normal = (at: Tensor): Tensor => normals(at, form)[0];
  const mix = covariance === undefined ? undefined : mixing(matrixOf(covariance, dtype), shape);

  const placeAt = (t: Tensor): Place => {
    const share = t.sub(t0).div(span);
    const pinned = pin === undefined ? null : unmixed(pin, mix);
    const root: Node = {
      key: random.foldIn(key, 2),
      start: share.mul(0),
      length: share.mul(0).add(1),
      w: share.mul(0).broadcastTo(shape),
      integral: share.mul(0).broadcastTo(shape),
      rise: pinned ?? normal(random.foldIn(key, 0)).mul(Math.sqrt(span)),
      area: normal(random.foldIn(key, 1)).mul(Math.sqrt(span / 12)),
    };
    const [leaf] = scan<Node, null, null>((node) => [half(node, share), null], root, null, { length: levels });
    return inside(leaf, share);
  };

  /** The half of an interval in which a time lies. */
  const half = (node: Node, share: Tensor): Node => {
    const { start, length, w, integral, rise, area } = node;
    const h = length.mul(span);
    const z = normal(random.foldIn(node.key, 0)).mul(h.div(16).sqrt());
    const n = normal(random.foldIn(node.key, 1)).mul(h.div(12).sqrt());
    const left = {
      rise: rise.mul(0.5).add(area.mul(1.5)).add(z),
      area: area.mul(0.25).sub(z.mul(0.5)).add(n.mul(0.5)),
    };
    const right = { rise: rise.sub(left.rise), area: area.mul(0.25).sub(z.mul(0.5)).sub(n.mul(0.5)) };
    const middle = start.add(length.mul(0.5));
    const isRight = share.greaterEqual(middle);
    const passed = w.add(left.rise.mul(0.5)).add(left.area).mul(h.mul(0.5));
    return {
      key: where(isRight, random.foldIn(node.key, 3), random.foldIn(node.key, 2)),
      start: where(isRight, middle, start),
      length: length.mul(0.5),
      w: where(isRight, w.add(left.rise), w),
      integral: where(isRight, integral.add(passed), integral),
      rise: where(isRight, right.rise, left.rise),
      area: where(isRight, right.area, left.area),
    };
  };

  /** The conditional mean of the path inside the smallest interval. */
  const inside = ({ start, length, w, integral, rise, area }: Node, share: Tensor): Place => {
    const r = share.sub(start).div(length);
    const h = length.mul(span);
    const curve = r.mul(r.neg().add(1)).mul(6);
    const risen = rise.mul(r.square().mul(0.5)).add(area.mul(r.square().mul(r.mul(-2).add(3))));
    return {
      w: w.add(rise.mul(r)).add(area.mul(curve)),
      integral: integral.add(w.mul(r).add(risen).mul(h)),
    };
  };

  /** A time as a scalar inside the interval; NaN for one outside, and an error where it is known. */
  const checked = (t: number | Tensor): Tensor => {
    const time = scalarOf(t, dtype);
    const slack = 4 * (dtype === 'f64' ? 2 ** -52 : 2 ** -23) * Math.max(Math.abs(t0), Math.abs(t1));
    if (typeof t === 'number' || canRead(t)) {
      const value = typeof t === 'number' ? t : t.item();
      if (!(value >= t0 - slack && value <= t1 + slack))
        refuse(use, `the path runs from ${t0} to ${t1}, and was asked at ${value}. Widen its interval.`);
    }
    const good = time.greaterEqual(t0 - slack).logicalAnd(time.lessEqual(t1 + slack));
    return where(good, time, Number.NaN);
  };

  const between = (s: number | Tensor, t: number | Tensor): { w: Tensor; area: Tensor } => {
    const [from, to] = [checked(s), checked(t)];
    const [a, b] = [placeAt(from), placeAt(to)];
    const w = b.w.sub(a.w);
    const h = to.sub(from);
    const average = b.integral
      .sub(a.integral)
      .div(where(h.equal(0), 1, h))
      .sub(a.w);
    const area = where(h.equal(0), 0, average.sub(w.mul(0.5)));
    return { w: mixed(w, mix), area: mixed(area, mix) };
  };

  return {
    t0,
    t1,
    shape,
    dtype,
    between,
    at(t) {
      const times = Array.isArray(t) ? tensor(t, { dtype }) : (t as number | Tensor);
      if (typeof times === 'number' || times.ndim === 0) return mixed(placeAt(checked(times)).w, mix);
      if (canRead(times)) for (const value of times.dataSync()) checked(value);
      return vmap((time: Tensor) => mixed(placeAt(checked(time)).w, mix))(times);
    },
    increment({ start, end: stop }) {
      const { w, area } = between(start, stop);
      return { w: [w], area: [area] as State };
    },
  };
}

const matrixOf = (values: Tensor | readonly (readonly number[])[], dtype: 'f32' | 'f64'): Tensor =>
  Array.isArray(values) ? tensor(values, { dtype }) : (values as Tensor).astype(dtype);

/** W(t1) of a pinned path, in its shape. */
function pinOf(end: Tensor | number, shape: readonly number[], dtype: 'f32' | 'f64'): Tensor {
  const value = scalarOf(end, dtype);
  const fits =
    value.ndim <= shape.length && value.shape.every((extent, i) => [1, shape.at(i - value.ndim)].includes(extent));
  if (!fits)
    refuse(
      'virtualBrownianTree',
      `end must be a number or have the shape [${shape.join(', ')}], got [${value.shape.join(', ')}]. Make them agree.`,
    );
  if (canRead(value) && !value.dataSync().every((at) => Number.isFinite(at)))
    refuse(
      'virtualBrownianTree',
      'end must be finite, got NaN or infinity. Leave it out for a path that is not pinned.',
    );
  return value.broadcastTo(shape);
}

/** The factor L of a covariance `L Lᵀ`. */
function mixing(covariance: Tensor, shape: readonly number[]): Tensor {
  const size = shape.at(-1) as number;
  if (covariance.ndim !== 2 || covariance.shape[0] !== size || covariance.shape[1] !== size)
    refuse(
      'virtualBrownianTree',
      `covariance must be [m, m] for the last axis m of the shape [${shape.join(', ')}], got [${covariance.shape.join(', ')}]. Make them agree.`,
    );
  if (canRead(covariance)) {
    const c = Array.from(covariance.dataSync());
    const largest = c.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
    const even = c.every((entry, i) => Math.abs(entry - c[(i % size) * size + Math.floor(i / size)]) <= 1e-6 * largest);
    if (!even)
      refuse(
        'virtualBrownianTree',
        'covariance must be symmetric and finite, and its entries above the diagonal are not those below. Correct it.',
      );
  }
  return linalg.cholesky(covariance);
}

const mixed = (w: Tensor, mix: Tensor | undefined): Tensor => (mix ? mix.matmul(w.expandDims(-1)).reshape(w.shape) : w);

const unmixed = (w: Tensor, mix: Tensor | undefined): Tensor =>
  mix ? linalg.triangularSolve(mix, w.expandDims(-1), { lower: true }).reshape(w.shape) : w;
