import { random, type Tensor } from '@flowfield/tensor-webgpu';
import type { Manifold } from '../manifold.ts';

/** Numbers of a tensor of any rank. */
export const numbers = (x: Tensor): number[] => Array.from(x.dataSync());

/** The largest |a - b| over all elements. */
export const gap = (a: Tensor, b: Tensor): number => Math.max(...numbers(a.sub(b).abs()), 0);

/** `count` pairs of points and a tangent vector at each first point, in float64. */
export function draws(manifold: Manifold, seed: number, count: number): { x: Tensor; y: Tensor; v: Tensor } {
  const keys = random.split(random.key(seed), 3);
  const options = { dtype: 'f64' } as const;
  const x = manifold.sampleBase(keys.slice(0), [count], options);
  const y = manifold.sampleBase(keys.slice(1), [count], options);
  const noise = random.normal(keys.slice(2), [count, manifold.ambientDimension], options);
  return { x, y, v: manifold.projectTangent(x, noise) };
}
