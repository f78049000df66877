export { callOnNumbers, type DoubleName, doubleFunction, isDoubleName } from './double/functions.ts';
export type { MathName } from './functions.ts';
export { isMathName, MathEmitter, mathFunction } from './math-emitter.ts';
