import {
  ArgumentError,
  firstNonFinite,
  knownData,
  type Tensor,
  type TensorLike,
  tensor,
} from '@flowfield/tensor-webgpu';
import { NonFinitePointError, TimeRangeError, TimeShapeError } from './errors.ts';

/** Throws `ArgumentError` for an argument that was left out, or is a text. */
export function checkGiven(use: string, what: string, given: unknown): void {
  if (given !== undefined && given !== null && typeof given !== 'string') return;
  throw new ArgumentError(
    `${use}: expected ${what} as numbers or a tensor, got ${typeof given === 'string' ? `'${given}'` : String(given)}. Check the name and the value of this argument.`,
  );
}

/** A floating tensor of points, batch first. */
export function asFloating(x: TensorLike): Tensor {
  const value = tensor(x);
  return value.dtype === 'f32' || value.dtype === 'f64' ? value : value.astype('f32');
}

/**
 * The time of a batch `x`, in the dtype of `x`: a scalar, or one number per row.
 * @throws TimeShapeError for any other shape; `[batch, 1]` above all, which would broadcast to [batch, batch].
 */
export function asTimes(use: string, t: TensorLike, x: Tensor): Tensor {
  checkGiven(use, 't', t);
  // Inside a trace too the value of such a tensor is known.
  if (typeof t === 'number') return tensor(t, { dtype: x.dtype, device: x.device?.name });
  const times = tensor(t);
  const perRow = times.shape.length === 1 && x.shape.length > 0 && times.shape[0] === x.shape[0];
  if (times.shape.length > 0 && !perRow) {
    throw new TimeShapeError(
      `${use}: expected t as a scalar or of shape [${x.shape[0] ?? ''}], one time per row of x [${x.shape.join(', ')}]; ` +
        `got [${times.shape.join(', ')}]. Squeeze or flatten t; it is spread over the other axes here.`,
    );
  }
  return times.dtype === x.dtype ? times : times.astype(x.dtype);
}

/** A number per row (or a scalar) with axes of extent 1 appended, so that it multiplies rows of `x`. */
export const perRow = (c: Tensor, x: Tensor): Tensor =>
  c.shape.length === 0 ? c : c.reshape([c.shape[0], ...Array<number>(x.shape.length - 1).fill(1)]);

/** The first element for which `fails` holds, where the elements are known; else `null`. */
export function firstFailing(x: Tensor, fails: (value: number) => boolean): { row: number; value: number } | null {
  const data = knownData(x);
  if (data === null) return null;
  const row = data.findIndex(fails);
  return row < 0 ? null : { row, value: data[row] };
}

/** How far a solver's sums of steps may round past an end. */
const ROUNDING = 1e-6;

/** Throws `TimeRangeError` for a time outside [0, 1] (by more than 1e-6) or NaN, where the times are known. */
export function checkTimes(use: string, t: Tensor): void {
  const bad = firstFailing(t, (value) => !(value >= -ROUNDING && value <= 1 + ROUNDING));
  if (bad === null) return;
  throw new TimeRangeError(
    `${use}: expected times in [0, 1], from source to data; got ${bad.value} in row ${bad.row}. Divide by the number of steps, or clip.`,
  );
}

/** Throws `NonFinitePointError` for a row of points (batch, …) with NaN or infinity, where the points are known. */
export function checkFinite(use: string, what: string, x: Tensor): void {
  const data = knownData(x);
  if (data === null) return;
  const index = firstNonFinite(data);
  if (index < 0) return;
  const rows = x.shape[0] ?? 1;
  throw new NonFinitePointError(
    `${use}: expected finite ${what}, got ${data[index]} in row ${Math.floor(index / (data.length / rows))}. ` +
      'Look for missing values or divisions by 0 in the data, or leave such rows out.',
  );
}
