import type { Tensor } from '@flowfield/tensor-webgpu';
import { PathShapeError } from './errors.ts';

/** A tensor that a function of the caller returned. Throws `PathShapeError` for anything else. */
export function returnedTensor(use: string, what: string, given: unknown): Tensor {
  if (Array.isArray((given as { shape?: unknown } | null | undefined)?.shape)) return given as Tensor;
  const kind =
    given instanceof Promise
      ? 'a promise: it cannot be asynchronous'
      : Array.isArray(given)
        ? 'an array'
        : given === null
          ? 'null'
          : typeof given;
  throw new PathShapeError(
    `${use}: expected ${what} as a tensor, got ${kind}. Return what it computes from its arguments.`,
  );
}

/** A tensor that a function of the caller returned, of the shape of x_t. Throws `PathShapeError` for anything else. */
export function returnedLike(use: string, what: string, given: unknown, xt: Tensor): Tensor {
  const value = returnedTensor(use, what, given);
  if (value.shape.length === xt.shape.length && value.shape.every((extent, i) => extent === xt.shape[i])) return value;
  throw new PathShapeError(
    `${use}: expected ${what} of the shape of xt [${xt.shape.join(', ')}], got [${value.shape.join(', ')}]. Return one vector per row.`,
  );
}
