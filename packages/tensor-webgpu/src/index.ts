import './rewrites/index.ts';

export type { DType, TypedArray } from './dtype/dtype.ts';
export * from './errors/errors.ts';
export * from './files/index.ts';
export * as linalg from './linalg/index.ts';
export * from './ops/index.ts';
export type { Device, MemoryReport } from './runtime/device.ts';
export { init } from './runtime/devices.ts';
export { defaultDevice, devices } from './runtime/registry.ts';
export type { Shape } from './shape/shape.ts';
export * as random from './random/index.ts';
export { scope } from './tensor/scope.ts';
export { Tensor } from './tensor/tensor.ts';
export * from './transforms/index.ts';
export * as tree from './tree/index.ts';
