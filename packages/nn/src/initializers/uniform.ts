import { random } from '@flowfield/tensor-webgpu';
import { checkScale, type Initializer } from './initializer.ts';

/** Uniform numbers in [-bound, bound). */
export const uniform = (bound = 1): Initializer => {
  checkScale('uniform: bound', bound);
  return (key, shape, { dtype }) => random.uniform(key, shape, { minval: -bound, maxval: bound, dtype });
};
