export { AssemblerError } from './errors.ts';
export { features } from './features.ts';
export type { Callable } from './function-builder.ts';
export { FunctionBuilder } from './function-builder.ts';
export { ModuleBuilder } from './module-builder.ts';
export type { ValueType } from './value-types.ts';
