import { random } from '@flowfield/tensor-webgpu';
import { checkedContext, checkScale, type Initializer } from './initializer.ts';

/** Normal numbers with mean 0 and the given standard deviation. */
export const normal = (std = 1): Initializer => {
  checkScale('normal: std', std);
  return (key, shape, context) =>
    random.normal(key, shape, { dtype: checkedContext('normal', context).dtype }).mul(std);
};

/** Normal numbers with mean 0, cut off at two deviations; `std` is that before the cut. */
export const truncatedNormal = (std = 1): Initializer => {
  checkScale('truncatedNormal: std', std);
  return (key, shape, context) =>
    random.truncatedNormal(key, -2, 2, shape, { dtype: checkedContext('truncatedNormal', context).dtype }).mul(std);
};
