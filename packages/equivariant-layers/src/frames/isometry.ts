import {
  checkedOptions,
  checkTensor,
  defaultDevice,
  eye,
  linalg,
  random,
  type Tensor,
  where,
} from '@flowfield/tensor-webgpu';
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
 * An element of a Euclidean group: R by Haar measure, with determinant 1 where the group has no reflections, and t normal (in
 * f64 where the device of the key has it). A part that the group does not have is the identity.
 * @throws UnknownGroupError.
 */
export function randomIsometry(group: EuclideanGroupName, key: random.Key): Isometry {
  const { dimension: d, rotations, translations } = euclideanGroup('randomIsometry', group);
  const [rotationKey, shiftKey] = random.split(key);
  const dtype = (key.device ?? defaultDevice()).dtypes.includes('f64') ? 'f64' : 'f32';
  const drawn = random.orthogonal(rotationKey, d, [], { dtype });
  const first = Array.from({ length: d }, (_, i) => i === 0);
  // A column is mirrored where the determinant is -1, which nobody has to read.
  const proper = (q: Tensor): Tensor => where(linalg.det(q).less(0).logicalAnd(first), q.neg(), q);
  const still = (): Tensor => eye(d, { dtype, device: drawn.device?.name });
  return {
    rotation: { none: still, proper: () => proper(drawn), all: () => drawn }[rotations](),
    shift: random.normal(shiftKey, [d], { dtype }).mul(translations ? 1 : 0),
  };
}

/**
 * g · x: points become R x + t, vectors R x, scalars stay. Coordinates are on the last axis.
 * @throws ArgumentError for another kind or what is no isometry, LayerShapeError unless the last axis has the extent d.
 */
export function movedBy(by: Isometry, x: Tensor, kind: Kind): Tensor {
  const { rotation, shift } = checkedOptions('movedBy', by, ['rotation', 'shift']);
  checkTensor('movedBy', 'the rotation', rotation);
  checkTensor('movedBy', 'the shift', shift);
  checkTensor('movedBy', 'x', x);
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
