import { checkDType, type DType } from '../dtype/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { asTensor, castTo } from './operands.ts';

/** The elements of x as `dtype`: fractions are cut towards zero for integers, and anything but 0 is true. */
export const astype = (x: TensorLike, dtype: DType): Tensor =>
  composite('astype', () => {
    checkDType('astype', dtype);
    return castTo(asTensor(x), dtype);
  });
