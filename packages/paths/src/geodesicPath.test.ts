import {
  atan2,
  cos,
  grad,
  jit,
  random,
  sin,
  sqrt,
  square,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { describe, expect, test } from 'vitest';
import {
  condOTScheduler,
  cosineScheduler,
  type GeodesicManifold,
  geodesicPath,
  PathShapeError,
  polynomialScheduler,
  SchedulerError,
  TimeShapeError,
} from './index.ts';
import { f64, gap, innerTimes, normals, numbers } from './testing/draws.ts';

const inner = (u: Tensor, v: Tensor): Tensor => u.mul(v).sum({ axis: -1, keepDims: true });

/** The sphere by its textbook formulas, for points that differ: a path needs nothing more of a manifold. */
const sphere: GeodesicManifold & { inner(x: TensorLike, u: TensorLike, v: TensorLike): Tensor } = {
  exp(x, v) {
    const velocity = tensor(v);
    const squared = inner(velocity, velocity);
    const r = sqrt(where(squared.greater(0), squared, 1));
    return tensor(x)
      .mul(where(squared.greater(0), cos(r), 1))
      .add(velocity.mul(where(squared.greater(0), sin(r).div(r), 1)));
  },
  log(x, y) {
    const [from, to] = [tensor(x), tensor(y)];
    const c = inner(from, to);
    const w = to.sub(from.mul(c));
    const s = w.norm({ axis: -1, keepDims: true });
    return w.mul(atan2(s, c).div(s));
  },
  inner: (_x, u, v) => tensor(u).mul(v).sum({ axis: -1 }),
};

const flat: GeodesicManifold = { exp: (x, v) => tensor(x).add(v), log: (x, y) => tensor(y).sub(x) };

const count = 20;
const x0 = random.sphere(random.key(1), 3, [count], f64);
const x1 = random.sphere(random.key(2), 3, [count], f64);
const t = innerTimes(count);
const per = (c: Tensor): Tensor => c.expandDims(-1);

describe.each([condOTScheduler(), polynomialScheduler(2), polynomialScheduler(1.5)])(
  'geodesic path, $name',
  (scheduler) => {
    const path = geodesicPath(sphere, scheduler);
    const { xt, dxt } = path.sample({ x0, x1, t });

    test('dxt is the derivative of xt in t', () => {
      const h = 1e-6;
      const at = (time: Tensor): Tensor => path.sample({ x0, x1, t: time }).xt;
      expect(
        gap(
          dxt,
          at(t.add(h))
            .sub(at(t.sub(h)))
            .div(2 * h),
        ),
      ).toBeLessThan(1e-6);
    });

    test('dxt is -κ′ / κ times the logarithm of the data point', () => {
      const share = scheduler.dAlpha(t).div(scheduler.sigma(t));
      expect(gap(dxt, sphere.log(xt, x1).mul(per(share)))).toBeLessThan(1e-8);
    });

    test('the distance left is κ(t) times the whole, and velocities are tangent', () => {
      const length = (v: Tensor): Tensor => v.norm({ axis: -1 });
      expect(gap(length(sphere.log(xt, x1)), length(sphere.log(x0, x1)).mul(scheduler.sigma(t)))).toBeLessThan(1e-10);
      expect(gap(inner(xt, dxt), 0)).toBeLessThan(1e-12);
    });

    test('starts and ends at its ends, with a finite velocity', () => {
      const start = path.sample({ x0, x1, t: 0 });
      const end = path.sample({ x0, x1, t: 1 });
      expect(gap(start.xt, x0)).toBeLessThan(1e-14);
      expect(gap(end.xt, x1)).toBeLessThan(1e-12);
      expect(gap(start.dxt, sphere.log(x0, x1).mul(scheduler.dAlpha(tensor(0, f64))))).toBeLessThan(1e-12);
      expect(numbers(end.dxt).every(Number.isFinite)).toBe(true);
    });
  },
);

describe('geodesicPath', () => {
  test('has constant speed by default: u_t = log_{x_t}(x_1) / (1 - t)', () => {
    const { xt, dxt } = geodesicPath(sphere).sample({ x0, x1, t });
    expect(gap(dxt, sphere.log(xt, x1).div(per(t.neg().add(1))))).toBeLessThan(1e-8);
    expect(gap(dxt.norm({ axis: -1 }), sphere.log(x0, x1).norm({ axis: -1 }))).toBeLessThan(1e-12);
  });

  test('is the straight path in flat space', () => {
    const [a, b] = [normals(3, [count, 2]), normals(4, [count, 2])];
    const { xt, dxt } = geodesicPath(flat).sample({ x0: a, x1: b, t });
    expect(gap(dxt, b.sub(a))).toBeLessThan(1e-15);
    expect(gap(xt, b.mul(per(t)).add(a.mul(per(t.neg().add(1)))))).toBeLessThan(1e-14);
  });

  test('can be traced and differentiated, and carries labels', () => {
    const path = geodesicPath(sphere);
    const speed = (time: Tensor): Tensor => square(path.sample({ x0, x1, t: time }).dxt).sum();
    expect(jit(speed)(t).item()).toBeCloseTo(speed(t).item(), 10);
    // Constant speed: its derivative in time vanishes.
    expect(gap(grad(speed)(t), 0)).toBeLessThan(1e-10);
    expect(path.sample({ x0, x1, t, labels: 'north' }).labels).toBe('north');
    expect(path.manifold).toBe(sphere);
  });

  test('refuses schedules that do not run from 0 to 1, and wrong shapes', () => {
    expect(() => geodesicPath(sphere, cosineScheduler())).toThrow(SchedulerError);
    expect(() => geodesicPath(sphere, cosineScheduler())).toThrow(/expected a convex scheduler .* got cosine/);
    expect(() => geodesicPath({} as typeof sphere)).toThrow(/expected a manifold with the functions exp and log/);
    const path = geodesicPath(sphere);
    expect(() => path.sample({ x0, x1, t: per(t) })).toThrow(TimeShapeError);
    expect(() => path.sample({ x0: x0.slice([0, 3]), x1, t })).toThrow(PathShapeError);
  });
});
