import { ShapeError } from '../errors/errors.ts';
import { asFloat, broadcastValue } from '../ops/operands.ts';
import { broadcastShapes, showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';

/** `x` as a batch of floating matrices. Throws `ShapeError` for fewer than two axes. */
export function matrices(op: string, x: TensorLike): Tensor {
  const value = asFloat(x);
  if (value.ndim < 2)
    throw new ShapeError(`linalg.${op}: expected matrices [..., m, n], got shape ${showShape(value.shape)}.`);
  return value;
}

/** `x` as a batch of square floating matrices. */
export function squareMatrices(op: string, x: TensorLike): Tensor {
  const value = matrices(op, x);
  const [rows, columns] = value.shape.slice(-2);
  if (rows !== columns)
    throw new ShapeError(`linalg.${op}: expected square matrices [..., n, n], got shape ${showShape(value.shape)}.`);
  return value;
}

/** Matrices and right-hand sides with equal leading axes. */
export function sameBatch(op: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const lead = broadcastShapes(`linalg.${op}`, a.shape.slice(0, -2), b.shape.slice(0, -2));
  const wide = (x: Tensor): Tensor => broadcastValue(`linalg.${op}`, x, [...lead, ...x.shape.slice(-2)]);
  return [wide(a), wide(b)];
}
