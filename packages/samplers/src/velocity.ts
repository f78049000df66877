import { ArgumentError, checkFunctions, checkTensor, ShapeError, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { Velocity } from './field.ts';
import { returnedLike } from './returned.ts';
import { type EmbeddedManifold, tangentField } from './tangentField.ts';

/** Throws `ArgumentError` unless x is a tensor, `ShapeError` unless it has a batch axis. */
export function checkBatch(use: string, x: Tensor): Tensor {
  checkTensor(use, 'points', x);
  if (x.ndim > 0) return x;
  throw new ShapeError(
    `${use}: expected points of shape [batch, ...], got a scalar. Put one point into a batch of one.`,
  );
}

/** Throws `ArgumentError` for a field that is no function, or a manifold without the functions that sampling needs. */
export function checkField(use: string, velocity: Velocity, manifold: EmbeddedManifold | undefined): void {
  checkFunctions(use, velocity);
  if (manifold === undefined) return;
  const missing = (['projectPoint', 'projectTangent'] as const).filter(
    (name) => typeof manifold?.[name] !== 'function',
  );
  if (missing.length === 0) return;
  throw new ArgumentError(
    `${use}: expected a manifold with the functions projectPoint and projectTangent, got one without ${missing.join(' and ')}. ` +
      'Give one, such as sphere(2) of @flowfield/riemannian.',
  );
}

/** The field as the solver sees it: time is a scalar of the solver's dtype, and goes to every row in the dtype of x. */
export function fieldInTime(use: string, velocity: Velocity, manifold: EmbeddedManifold | undefined): Velocity {
  const checked: Velocity = (x, t) => returnedLike(use, 'a velocity', velocity(x, t), x);
  const field = manifold ? tangentField(manifold, checked) : checked;
  return (x, t) => field(x, rowTimes(x, t));
}

/** A scalar time for each row of x: [batch]. Other times are left as they are. */
export function rowTimes(x: Tensor, t: Tensor | number): Tensor {
  const times = typeof t === 'number' ? tensor(t, { dtype: x.dtype, device: x.device?.name }) : t.astype(x.dtype);
  return times.ndim === 0 ? times.broadcastTo([x.shape[0]]) : times;
}
