export { ByteBuffer } from './byte-buffer.ts';
export { AssemblerError } from './errors.ts';
export type { WasmFeatures } from './features.ts';
export { features } from './features.ts';
export type { Callable, Label, LoopBound } from './function-builder.ts';
export { FunctionBuilder } from './function-builder.ts';
export type { MemoryLimits, ModuleOptions } from './module-builder.ts';
export { ModuleBuilder } from './module-builder.ts';
export type { Signature, ValueType } from './value-types.ts';
