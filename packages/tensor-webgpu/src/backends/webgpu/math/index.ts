export { type BoundedName, ulpBounds } from './bounds.ts';
export { type WgslCode, wgslBitcast, wgslCast } from './casts.ts';
export { wgslCode } from './code.ts';
export { type WgslFunction, wgslModule } from './function.ts';
export { wgslNumber } from './numbers.ts';
