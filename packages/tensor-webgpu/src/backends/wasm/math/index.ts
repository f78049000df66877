export { type BoundedName, ulpBounds } from './bounds.ts';
export type { MathDefinition, MathName } from './functions.ts';
export { mathFunctions } from './functions.ts';
export { isMathName, MathEmitter, mathFunction } from './math-emitter.ts';
