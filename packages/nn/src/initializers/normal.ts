import { random } from '@flowfield/tensor-webgpu';
import { checkScale, type Initializer } from './initializer.ts';

/** Normal numbers with mean 0 and the given standard deviation. */
export const normal = (std = 1): Initializer => {
  checkScale('normal: std', std);
  return (key, shape, { dtype }) => random.normal(key, shape, { dtype }).mul(std);
};
