import { random } from '@flowfield/tensor-webgpu';
import { checkedContext, checkScale, type Initializer } from './initializer.ts';

/** Uniform numbers in [-bound, bound). */
export const uniform = (bound = 1): Initializer => {
  checkScale('uniform: bound', bound);
  return (key, shape, context) => {
    const { dtype } = checkedContext('uniform', context);
    return random.uniform(key, shape, { minval: -bound, maxval: bound, dtype });
  };
};
