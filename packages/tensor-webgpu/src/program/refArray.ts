import { type DType, hostArray, type TypedArray } from '../dtype/dtype.ts';
import type { Shape } from '../shape/shape.ts';
import type { Aval } from './aval.ts';

/** A dense row-major array of the reference backend; floats are held in float64 whatever their dtype. */
export interface RefArray extends Aval {
  readonly shape: Shape;
  readonly data: TypedArray;
}

/** `size` zeros as the reference evaluation holds `dtype`: floats in float64, the rest in their own type. */
export const refData = (dtype: DType, size: number): TypedArray => hostArray(dtype === 'f32' ? 'f64' : dtype, size);

/** A reference array from data already held as `refData` holds it. */
export const refArray = (shape: Shape, dtype: DType, data: TypedArray): RefArray => ({ shape, dtype, data });

/** A reference array of rank 0. */
export function refScalar(value: number, dtype: DType): RefArray {
  const data = refData(dtype, 1);
  data[0] = value;
  return refArray([], dtype, data);
}
