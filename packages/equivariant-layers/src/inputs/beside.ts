import { type Tensor, type TensorLike, tensor } from '@flowfield/tensor-webgpu';

/** Options that make a constant on the device of x; inside a trace constants go where the program runs. */
export const beside = (x: Tensor): { readonly device: string | undefined } => ({ device: x.device?.name });

export const isTensor = (x: TensorLike): x is Tensor => Array.isArray((x as Tensor | undefined)?.shape);

/** A tensor as it is; numbers as a tensor on the device of x. */
export const placed = (given: TensorLike, x: Tensor): Tensor => (isTensor(given) ? given : tensor(given, beside(x)));
