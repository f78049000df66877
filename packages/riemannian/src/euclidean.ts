import { checkedWhole, norm, random, sum, tensor, zeros } from '@flowfield/tensor-webgpu';
import type { Manifold } from './manifold.ts';
import { asFactor, asPoints, innerProduct } from './points.ts';

/**
 * Flat space R^n: exp is addition, log is subtraction, transport is the identity. The base distribution is the
 * standard normal.
 * @throws ArgumentError unless n is an integer of at least 1; the functions throw ShapeError unless the last axis is n.
 */
export function euclidean(n: number): Manifold {
  checkedWhole('euclidean: the dimension', n);
  const name = `euclidean(${n})`;
  const points = (use: string, what: string, x: Parameters<Manifold['exp']>[0]) =>
    asPoints(`${name}.${use}`, what, x, n);
  const difference = (use: string, x: Parameters<Manifold['exp']>[0], y: Parameters<Manifold['exp']>[0]) =>
    points(use, 'y', y).sub(points(use, 'x', x));

  return {
    name,
    dimension: n,
    ambientDimension: n,
    exp: (x, v) => points('exp', 'x', x).add(points('exp', 'v', v)),
    log: (x, y) => difference('log', x, y),
    dist: (x, y) => norm(difference('dist', x, y), { axis: -1 }),
    geodesic(x, y, t) {
      const v = difference('geodesic', x, y);
      return v.mul(asFactor(`${name}.geodesic`, t, v.shape.slice(0, -1))).add(tensor(x));
    },
    projectPoint: (x) => points('projectPoint', 'x', x),
    projectTangent: (_x, v) => points('projectTangent', 'v', v),
    transport: (_x, _y, v) => points('transport', 'v', v),
    inner: (_x, u, v) => innerProduct(points('inner', 'u', u), points('inner', 'v', v)),
    norm: (_x, v) => norm(points('norm', 'v', v), { axis: -1 }),
    isAtCutLocus(x, y) {
      const { shape, device } = difference('isAtCutLocus', x, y);
      return zeros(shape.slice(0, -1), { dtype: 'bool', device: device?.name });
    },
    logVolume: (_x, v) => sum(points('logVolume', 'v', v).mul(0), { axis: -1 }),
    sampleBase: (key, shape = [], options = {}) => random.normal(key, [...shape, n], options),
    logBase(x) {
      const at = points('logBase', 'x', x);
      return innerProduct(at, at)
        .mul(-0.5)
        .sub((n / 2) * Math.log(2 * Math.PI));
    },
  };
}
