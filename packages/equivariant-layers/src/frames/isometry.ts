import { linalg, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import { type EuclideanGroupName, euclideanGroup } from './euclideanGroup.ts';
import { checkedKind, type Kind } from './transport.ts';

/** g: x ↦ R x + t. */
export interface Isometry {
  /** R [d, d], orthogonal. */
  readonly rotation: Tensor;
  /** t [d]. */
  readonly shift: Tensor;
}

/**
 * An element of a Euclidean group: R by Haar measure, with determinant 1 where the group has no reflections, and t normal (in f64). A part that
 * the group does not have is the identity.
 * @throws UnknownGroupError.
 */
export function randomIsometry(group: EuclideanGroupName, key: random.Key): Isometry {
  const { dimension: d, rotations, translations } = euclideanGroup('randomIsometry', group);
  const [rotationKey, shiftKey] = random.split(key);
  const identity = Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => (i === j ? 1 : 0)));
  const drawn = random.orthogonal(rotationKey, d, [], { dtype: 'f64' });
  const mirrored = rotations === 'proper' && linalg.det(drawn).item() < 0;
  const mirror = tensor(
    Array.from({ length: d }, (_, i) => (mirrored && i === 0 ? -1 : 1)),
    { dtype: 'f64' },
  );
  return {
    rotation: rotations === 'none' ? tensor(identity, { dtype: 'f64' }) : drawn.mul(mirror),
    shift: random.normal(shiftKey, [d], { dtype: 'f64' }).mul(translations ? 1 : 0),
  };
}

/**
 * g · x: points become R x + t, vectors R x, scalars stay. Coordinates are on the last axis.
 * @throws ArgumentError for another kind, LayerShapeError unless the last axis has the extent d.
 */
export function movedBy({ rotation, shift }: Isometry, x: Tensor, kind: Kind): Tensor {
  if (checkedKind('movedBy', kind) === 'scalar') return x;
  const d = shift.shape[0];
  if (x.shape[x.shape.length - 1] !== d) {
    throw new LayerShapeError(
      `movedBy: expected a ${kind} of shape [..., ${d}], got [${x.shape.join(', ')}]. Put the coordinates last.`,
    );
  }
  const turned = x.matmul(rotation.astype(x.dtype).T);
  return kind === 'point' ? turned.add(shift.astype(x.dtype)) : turned;
}
