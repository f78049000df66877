import { checkReturned, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';

/** A tensor that a function of the caller returned. Throws `ShapeError` for anything else. */
export function returnedTensor(use: string, what: string, given: unknown): Tensor {
  checkReturned(use, what, given);
  return given as Tensor;
}

/** A tensor that a function of the caller returned, of the shape of the points x. Throws `ShapeError` for anything else. */
export function returnedLike(use: string, what: string, given: unknown, x: Tensor): Tensor {
  const value = returnedTensor(use, what, given);
  if (value.ndim === x.ndim && value.shape.every((extent, i) => extent === x.shape[i])) return value;
  throw new ShapeError(
    `${use}: expected ${what} of the shape of the points [${x.shape.join(', ')}], got [${value.shape.join(', ')}]. Return one for each row.`,
  );
}

/** One number for each row that a function of the caller returned, [batch]. Throws `ShapeError` for anything else. */
export function returnedRows(use: string, what: string, given: unknown, rows: number): Tensor {
  const value = returnedTensor(use, `one ${what} for each row`, given);
  if (value.ndim === 1 && value.shape[0] === rows) return value;
  throw new ShapeError(
    `${use}: expected one ${what} for each of the ${rows} rows, got shape [${value.shape.join(', ')}]. Sum it over the axes of a point.`,
  );
}

/** A number that a function of the caller returned, as a scalar like `like`. Throws `ShapeError` for anything else. */
export function returnedScalar(use: string, what: string, given: unknown, like: Tensor): Tensor {
  if (typeof given === 'number') return like.mul(0).add(given);
  const value = returnedTensor(use, what, given);
  if (value.ndim === 0 || value.shape.join() === like.shape.join()) return value;
  throw new ShapeError(
    `${use}: expected ${what} as one number, got shape [${value.shape.join(', ')}]. Return a scalar.`,
  );
}
