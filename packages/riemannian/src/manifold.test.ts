import { random, tensor } from '@flowfield/tensor-webgpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { euclidean } from './euclidean.ts';
import type { Manifold } from './manifold.ts';
import { sphere } from './sphere.ts';
import { draws, gap, numbers } from './testing/draws.ts';

const anyManifold = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map((n): Manifold => sphere(n)),
  fc.integer({ min: 1, max: 9 }).map((n): Manifold => euclidean(n)),
);
const seeds = fc.nat(2 ** 31);

/** Runs `check` on drawn pairs of points of many manifolds. */
function onManifolds(check: (manifold: Manifold, seed: number) => void): void {
  fc.assert(fc.property(anyManifold, seeds, check), { numRuns: 30 });
}

describe('every manifold', () => {
  test('exp undoes log, and |log| is the distance', () => {
    onManifolds((manifold, seed) => {
      const { x, y } = draws(manifold, seed, 4);
      const v = manifold.log(x, y);
      expect(gap(manifold.exp(x, v), y)).toBeLessThan(1e-10);
      expect(gap(manifold.norm(x, v), manifold.dist(x, y))).toBeLessThan(1e-10);
      expect(gap(manifold.dist(y, x), manifold.dist(x, y))).toBeLessThan(1e-14);
      expect(gap(manifold.projectTangent(x, v), v)).toBeLessThan(1e-12);
    });
  });

  test('log undoes exp for short vectors', () => {
    onManifolds((manifold, seed) => {
      const { x, v } = draws(manifold, seed, 4);
      const short = v.div(manifold.norm(x, v).expandDims(-1));
      expect(gap(manifold.log(x, manifold.exp(x, short)), short)).toBeLessThan(1e-10);
    });
  });

  test('transport is an isometry into the tangent space at the other end, and its inverse goes back', () => {
    onManifolds((manifold, seed) => {
      const { x, y, v } = draws(manifold, seed, 4);
      const u = manifold.log(x, y);
      const [movedU, movedV] = [manifold.transport(x, y, u), manifold.transport(x, y, v)];
      expect(gap(manifold.inner(y, movedU, movedV), manifold.inner(x, u, v))).toBeLessThan(1e-10);
      expect(gap(manifold.projectTangent(y, movedV), movedV)).toBeLessThan(1e-10);
      expect(gap(manifold.transport(y, x, movedV), v)).toBeLessThan(1e-10);
      // The velocity of a geodesic is parallel along it.
      expect(gap(movedU, manifold.log(y, x).neg())).toBeLessThan(1e-9);
    });
  });

  test('a geodesic moves at constant speed and stays on the manifold', () => {
    onManifolds((manifold, seed) => {
      const { x, y } = draws(manifold, seed, 3);
      const whole = manifold.dist(x, y);
      for (const t of [0, 0.125, 0.5, 1]) {
        const at = manifold.geodesic(x, y, t);
        expect(gap(manifold.dist(x, at), whole.mul(t))).toBeLessThan(1e-7);
        expect(gap(manifold.projectPoint(at), at)).toBeLessThan(1e-12);
      }
      const times = tensor([0.2, 0.4, 0.9], { dtype: 'f64' });
      expect(gap(manifold.dist(x, manifold.geodesic(x, y, times)), whole.mul(times))).toBeLessThan(1e-10);
    });
  });

  test('tangent projection is linear, idempotent and symmetric', () => {
    onManifolds((manifold, seed) => {
      const { x, y, v } = draws(manifold, seed, 3);
      const p = manifold.projectTangent(x, y);
      expect(gap(manifold.projectTangent(x, p), p)).toBeLessThan(1e-12);
      expect(gap(manifold.inner(x, p, v), manifold.inner(x, y, v))).toBeLessThan(1e-12);
    });
  });

  test('batch axes broadcast', () => {
    onManifolds((manifold, seed) => {
      const { x, y } = draws(manifold, seed, 4);
      const one = x.slice(0);
      const pairs = manifold.log(x.expandDims(1), y.expandDims(0));
      expect(pairs.shape).toEqual([4, 4, manifold.ambientDimension]);
      expect(gap(pairs.slice(0, 2), manifold.log(one, y.slice(2)))).toBeLessThan(1e-15);
      expect(manifold.dist(one, y).shape).toEqual([4]);
      expect(manifold.logBase(x).shape).toEqual([4]);
      expect(manifold.isAtCutLocus(one, y).shape).toEqual([4]);
    });
  });

  test('float32 in gives float32 out, with the accuracy of float32', () => {
    onManifolds((manifold, seed) => {
      const keys = random.split(random.key(seed), 2);
      const x = manifold.sampleBase(keys.slice(0), [4]);
      const y = manifold.geodesic(x, manifold.sampleBase(keys.slice(1), [4]), 0.9);
      const v = manifold.log(x, y);
      expect(v.dtype).toBe('f32');
      expect(gap(manifold.exp(x, v), y)).toBeLessThan(3e-6);
      expect(numbers(manifold.logVolume(x, v)).every(Number.isFinite)).toBe(true);
    });
  });

  test('points of another dimension are refused by name', () => {
    for (const manifold of [sphere(2), euclidean(3)]) {
      expect(() => manifold.exp([[1, 0]], [[0, 1]])).toThrow(
        /expected x with 3 coordinates along the last axis, got shape \[1, 2\]/,
      );
      const x = [[1, 0, 0]];
      expect(() => manifold.geodesic(x, x, [[0.5]])).toThrow(/t as a scalar or of the batch shape \[1\], got \[1, 1\]/);
    }
    expect(() => sphere(0)).toThrow(/whole number of at least 1, got 0/);
    expect(() => euclidean(1.5)).toThrow(/whole number of at least 1, got 1.5/);
  });
});
