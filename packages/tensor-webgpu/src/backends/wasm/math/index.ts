export type { MathName } from './functions.ts';
export { isMathName, MathEmitter } from './math-emitter.ts';
