export { type BoundedName, ulpBounds } from './bounds.ts';
export { wgslBitcast } from './casts.ts';
export { wgslCode } from './code.ts';
export { type WgslFunction, wgslModule } from './function.ts';
export { wgslNumber } from './numbers.ts';
