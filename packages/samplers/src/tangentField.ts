import type { Tensor } from '@flowfield/tensor-webgpu';
import type { Velocity } from './field.ts';

/** What sampling needs of a manifold embedded in R^D with the metric of R^D; points lie along the last axis. */
export interface EmbeddedManifold {
  /** The closest point on the manifold. */
  projectPoint(x: Tensor): Tensor;
  /** The orthogonal projection of v onto the tangent space at x. */
  projectTangent(x: Tensor, v: Tensor): Tensor;
  /** The log-density of the base distribution with respect to the volume of the manifold: [batch]. */
  logBase?(x: Tensor): Tensor;
}

/**
 * The tangent field `v(x, t) = projectTangent(p, f(p, t))`, `p = projectPoint(x)`. On the manifold the trace of its
 * Jacobian in R^D is its Riemannian divergence (Rozen et al. 2021, Moser Flow, lemma 2).
 */
export function tangentField(manifold: EmbeddedManifold, f: Velocity): Velocity {
  return (x, t) => {
    const p = manifold.projectPoint(x);
    return manifold.projectTangent(p, f(p, t));
  };
}
