import { checkTensor, full } from '@flowfield/tensor-webgpu';
import { checkedContext, type Initializer } from './initializer.ts';

/** Every element is `value`, on the device of the key. */
export const constant =
  (value: number): Initializer =>
  (key, shape, context) => {
    const { dtype } = checkedContext('constant', context);
    checkTensor('constant', 'the key', key);
    return full(shape, value, { dtype, device: key.device?.name });
  };

/** Every element is 0. */
export const zeros: Initializer = /* @__PURE__ */ constant(0);

/** Every element is 1. */
export const ones: Initializer = /* @__PURE__ */ constant(1);
