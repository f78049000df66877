import { checkReturned, type Tensor } from '@flowfield/tensor-webgpu';
import { PathShapeError } from './errors.ts';

/** A tensor that a function of the caller returned. Throws `PathShapeError` for anything else. */
export function returnedTensor(use: string, what: string, given: unknown): Tensor {
  checkReturned(use, what, given, PathShapeError);
  return given as Tensor;
}

/** A tensor that a function of the caller returned, of the shape of x_t. Throws `PathShapeError` for anything else. */
export function returnedLike(use: string, what: string, given: unknown, xt: Tensor): Tensor {
  const value = returnedTensor(use, what, given);
  if (value.shape.length === xt.shape.length && value.shape.every((extent, i) => extent === xt.shape[i])) return value;
  throw new PathShapeError(
    `${use}: expected ${what} of the shape of xt [${xt.shape.join(', ')}], got [${value.shape.join(', ')}]. Return one vector per row.`,
  );
}
