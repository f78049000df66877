import { grad, hessian, jacfwd, jit, jvp, random, type Tensor, tensor, vmap } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CutLocusError, DegeneratePointError, sphere } from './index.ts';
import { draws, gap, numbers } from './testing/draws.ts';

const s2 = sphere(2);
const f64 = { dtype: 'f64' } as const;
const dimensions = fc.integer({ min: 1, max: 8 });
const seeds = fc.nat(2 ** 31);

/** Unit tangent vectors at x. */
const unit = (v: Tensor): Tensor => v.div(v.norm({ axis: -1, keepDims: true }));

describe('exp and log', () => {
  test('round trips hold to 1e-6 at distance 1e-6 and near the antipode', () => {
    fc.assert(
      fc.property(dimensions, seeds, (n, seed) => {
        const manifold = sphere(n);
        const { x, v } = draws(manifold, seed, 4);
        for (const distance of [1e-6, 1e-3, Math.PI - 1e-3]) {
          const step = unit(v).mul(distance);
          const y = manifold.exp(x, step);
          expect(gap(manifold.log(x, y), step)).toBeLessThan(1e-6 * distance);
          expect(gap(manifold.exp(x, manifold.log(x, y)), y)).toBeLessThan(1e-6 * distance);
          expect(gap(manifold.dist(x, y).div(distance), tensor(1, f64))).toBeLessThan(1e-8);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('close points keep their digits in float32', () => {
    const x = tensor([0.6, 0, 0.8]);
    const step = tensor([0.8e-4, 0, -0.6e-4]);
    expect(gap(s2.log(x, s2.exp(x, step)).div(1e-4), step.div(1e-4))).toBeLessThan(2e-3);
    expect(s2.dist(x, x).item()).toBe(0);
    expect(numbers(s2.log(x, x))).toEqual([0, 0, 0]);
  });

  test('a short step from the pole in float32 ends on the sphere', () => {
    const y = s2.exp(tensor([[0, 0, 1]]), tensor([[0.01, 0, 0]]));
    expect(gap(y, tensor([[0.0099998333, 0, 0.9999500004]]))).toBeLessThan(1e-7);
    expect(Math.abs(y.norm().item() - 1)).toBeLessThan(2e-7);
  });

  test('known angles', () => {
    expect(s2.dist([1, 0, 0], [0, 1, 0]).item()).toBeCloseTo(Math.PI / 2, 6);
    expect(s2.dist(tensor([1, 0, 0], f64), tensor([-1, 0, 0], f64)).item()).toBe(Math.PI);
    expect(gap(s2.exp(tensor([1, 0, 0], f64), tensor([0, 0, Math.PI], f64)), tensor([-1, 0, 0], f64))).toBeLessThan(
      1e-15,
    );
  });

  test('the series and the closed form meet', () => {
    const x = tensor([1, 0], f64);
    const circle = sphere(1);
    for (const r of [1 - 1e-9, 1 + 1e-9, Math.atan(0.2) - 1e-9, Math.atan(0.2) + 1e-9]) {
      const y = circle.exp(x, tensor([0, r], f64));
      expect(gap(y, tensor([Math.cos(r), Math.sin(r)], f64))).toBeLessThan(4e-16);
      expect(Math.abs(circle.log(x, y).slice(1).item() - r)).toBeLessThan(4e-16);
    }
  });
});

describe('points of any size', () => {
  test('are brought to the sphere without overflow', () => {
    for (const scale of [1e-30, 1e-18, 1, 1e18, 1e30, 1e38]) {
      const onSphere = numbers(s2.projectPoint([scale, scale, 0]));
      for (const [i, x] of [Math.SQRT1_2, Math.SQRT1_2, 0].entries()) expect(onSphere[i]).toBeCloseTo(x, 6);
    }
    const slope = jacfwd((x: Tensor) => s2.projectPoint(x))(tensor([3e30, 0, 4e30])).mul(1e30);
    expect(
      gap(
        slope,
        tensor([
          [0.128, 0, -0.096],
          [0, 0.2, 0],
          [-0.096, 0, 0.072],
        ]),
      ),
    ).toBeLessThan(1e-6);
  });
});

describe('derivatives', () => {
  const x = tensor([0.48, 0.6, 0.64], f64);
  const zero = tensor([0, 0, 0], f64);
  const finite = (value: Tensor): boolean => numbers(value).every(Number.isFinite);

  test('at zero distance are finite, and those of the smooth functions exact', () => {
    const squaredDistance = (y: Tensor): Tensor => {
      const v = s2.log(x, y);
      return s2.inner(x, v, v);
    };
    const tangents = tensor(
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      f64,
    ).sub(x.reshape([3, 1]).mul(x.reshape([1, 3])));
    // d log_x(y) / dy and d exp_x(v) / dv at y = x, v = 0 are the identity on tangent vectors.
    expect(gap(jacfwd((y: Tensor) => s2.log(x, y))(x), tangents)).toBeLessThan(1e-15);
    expect(gap(jvp((v: Tensor) => s2.exp(x, v), [zero], [tangents.slice(0)])[1], tangents.slice(0))).toBeLessThan(
      1e-15,
    );
    expect(numbers(grad(squaredDistance)(x))).toEqual([0, 0, 0]);
    expect(gap(hessian(squaredDistance)(x), tangents.mul(2))).toBeLessThan(1e-14);
  });

  test('of every order and kind are finite at zero distance', () => {
    const scalarOf = (f: (y: Tensor) => Tensor) => (y: Tensor) =>
      f(y)
        .mul(tensor([1, 2, 3], f64))
        .sum();
    const functions: Record<string, (y: Tensor) => Tensor> = {
      log: scalarOf((y) => s2.log(x, y)),
      'log from': scalarOf((y) => s2.log(y, x)),
      geodesic: scalarOf((y) => s2.geodesic(x, y, 0.3)),
      transport: scalarOf((y) => s2.transport(x, y, tensor([1, 1, 0], f64))),
      dist: (y) => s2.dist(x, y),
      exp: scalarOf((y) => s2.exp(x, y.sub(x))),
      norm: (y) => s2.norm(x, y.sub(x)),
      logVolume: (y) => s2.logVolume(x, y.sub(x)),
    };
    for (const [name, f] of Object.entries(functions)) {
      const direction = tensor([0.3, -0.5, 0.1], f64);
      const first = grad(f);
      const along = (y: Tensor): Tensor => jvp(f, [y], [direction])[1];
      expect(finite(first(x)), `${name}: grad`).toBe(true);
      expect(finite(along(x)), `${name}: jvp`).toBe(true);
      expect(finite(hessian(f)(x)), `${name}: hessian`).toBe(true);
      expect(finite(grad(along)(x)), `${name}: grad of jvp`).toBe(true);
      expect(finite(jvp(first, [x], [direction])[1]), `${name}: jvp of grad`).toBe(true);
      expect(finite(grad((y: Tensor) => jvp(along, [y], [direction])[1])(x)), `${name}: third`).toBe(true);
    }
  });

  test('agree with central differences away from zero', () => {
    const { x: from, y, v } = draws(s2, 3, 5);
    const h = 1e-6;
    const along = unit(v);
    for (const f of [
      (p: Tensor) => s2.log(p, y),
      (p: Tensor) => s2.dist(p, y),
      (p: Tensor) => s2.exp(p, v),
      (p: Tensor) => s2.exp(y, p.mul(2)),
      (p: Tensor) => s2.logVolume(y, p),
      (p: Tensor) => s2.projectPoint(p.mul(3)),
    ]) {
      const difference = f(from.add(along.mul(h)))
        .sub(f(from.sub(along.mul(h))))
        .div(2 * h);
      expect(gap(jvp(f, [from], [along])[1], difference)).toBeLessThan(1e-7);
    }
  });

  test('pass through jit and vmap', () => {
    const { x: from, y } = draws(s2, 5, 4);
    expect(gap(jit(s2.log)(from, y), s2.log(from, y))).toBeLessThan(1e-15);
    expect(gap(vmap(s2.log)(from, y), s2.log(from, y))).toBeLessThan(1e-15);
    const one = grad((a: Tensor, b: Tensor) => s2.dist(a, b));
    expect(gap(vmap(one)(from, y).slice(2), one(from.slice(2), y.slice(2)))).toBeLessThan(1e-15);
  });
});

describe('the cut locus', () => {
  const x = tensor(
    [
      [1, 0, 0],
      [0, 0.6, 0.8],
    ],
    f64,
  );
  const y = tensor(
    [
      [0, 1, 0],
      [0, -0.6, -0.8],
    ],
    f64,
  );

  test('log, geodesic and transport name the antipodal row', () => {
    expect(() => s2.log(x, y)).toThrow(CutLocusError);
    expect(() => s2.log(x, y)).toThrow(
      /^sphere\(2\)\.log: row 1 is a pair of antipodal points; expected .*isAtCutLocus/,
    );
    expect(() => s2.geodesic(x, y, 0.5)).toThrow(CutLocusError);
    expect(() => s2.transport(x, y, x)).toThrow(CutLocusError);
    expect(() => s2.log(x.slice(1), y.slice(1))).toThrow(/the only row/);
    expect(() => s2.log(x.expandDims(1), y.expandDims(0))).toThrow(/row 1, 1 /);
    expect(() => s2.log([1, 0, 0], [-1, 1e-7, 0])).toThrow(CutLocusError);
  });

  test('isAtCutLocus finds the pairs', () => {
    expect(numbers(s2.isAtCutLocus(x, y))).toEqual([0, 1]);
  });

  test('a traced or unchecked log takes one shortest geodesic, and transport follows it', () => {
    fc.assert(
      fc.property(dimensions, seeds, (n, seed) => {
        const manifold = sphere(n, { checks: false });
        const { x: from, v } = draws(manifold, seed, 4);
        const velocity = manifold.log(from, from.neg());
        expect(gap(manifold.norm(from, velocity), tensor(Math.PI, f64))).toBeLessThan(1e-14);
        expect(gap(manifold.exp(from, velocity), from.neg())).toBeLessThan(1e-14);
        expect(gap(manifold.transport(from, from.neg(), velocity), velocity.neg())).toBeLessThan(1e-13);
        expect(gap(manifold.norm(from, manifold.transport(from, from.neg(), v)), manifold.norm(from, v))).toBeLessThan(
          1e-13,
        );
      }),
      { numRuns: 20 },
    );
    expect(gap(jit(s2.log)(x, y), sphere(2, { checks: false }).log(x, y))).toBeLessThan(1e-15);
    const total = grad((p: Tensor) => s2.log(p, y).square().sum());
    expect(numbers(total(x)).every(Number.isFinite)).toBe(true);
  });

  test('the center has no projection', () => {
    expect(() =>
      s2.projectPoint([
        [0, 0, 2],
        [0, 0, 0],
      ]),
    ).toThrow(DegeneratePointError);
    expect(() =>
      s2.projectPoint([
        [0, 0, 2],
        [0, 0, 0],
      ]),
    ).toThrow(/row 1 is 0/);
    expect(numbers(jit(s2.projectPoint)(tensor([0, 0, 0])))).toEqual([1, 0, 0]);
  });
});

describe('the uniform base', () => {
  test('log-density is -ln 4π on S^2 and the closed form on S^n', () => {
    const at = (n: number): number =>
      sphere(n)
        .logBase(tensor([...Array<number>(n).fill(0), 1], f64))
        .item();
    expect(at(2)).toBeCloseTo(-Math.log(4 * Math.PI), 14);
    // Γ(D / 2) from its values at 1/2 and 1: ln area = ln 2 + (D/2) ln π - ln Γ(D/2).
    for (let n = 1; n <= 12; n++) {
      const half = (n + 1) / 2;
      let logGamma = half % 1 === 0 ? 0 : Math.log(Math.PI) / 2;
      for (let k = half - 1; k > 0; k--) logGamma += Math.log(k);
      expect(at(n)).toBeCloseTo(logGamma - Math.log(2) - half * Math.log(Math.PI), 12);
    }
  });

  test('draws have the moments of the uniform law', () => {
    for (const n of [1, 2, 5]) {
      const count = 20_000;
      const x = sphere(n).sampleBase(random.key(n), [count], f64);
      expect(gap(x.norm({ axis: -1 }), tensor(1, f64))).toBeLessThan(1e-14);
      const d = n + 1;
      // Five standard errors: Var x_i = 1/d, Var x_i² = 3/(d(d+2)) - 1/d², Var x_i x_j = 1/(d(d+2)).
      expect(Math.max(...numbers(x.mean({ axis: 0 }).abs()))).toBeLessThan(5 / Math.sqrt(d * count));
      const second = x.transpose().matmul(x).div(count);
      const identity = tensor(
        Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => (i === j ? 1 / d : 0))),
        f64,
      );
      expect(gap(second, identity)).toBeLessThan(5 * Math.sqrt(3 / (d * (d + 2)) / count));
    }
  });
});
