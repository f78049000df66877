import type { DType } from '../dtype/dtype.ts';
import { DeviceError } from '../errors/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface ScalarOptions {
  readonly dtype?: DType;
  /** The name of the device; the default device when left out. */
  readonly device?: string;
}

type Maker = (value: number, options: ScalarOptions) => Tensor;
let maker: Maker | null = null;

/** Called once by the set-up. */
export function registerScalars(make: Maker): void {
  maker = make;
}

/**
 * `tensor(value, options)` for functions that others call with tensors: it brings nothing into a bundle, since whoever
 * made those tensors has brought the library.
 *
 * @throws DeviceError in a program that never imports `@flowfield/tensor-webgpu` itself.
 */
export function scalar(value: number, options: ScalarOptions = {}): Tensor {
  if (maker) return maker(value, options);
  throw new DeviceError(
    "scalar: this program has no devices yet. Add the line import '@flowfield/tensor-webgpu'; to it.",
  );
}
