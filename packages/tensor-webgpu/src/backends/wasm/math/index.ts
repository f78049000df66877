export { callOnNumbers, type DoubleName, isDoubleName } from './double/functions.ts';
export type { MathName } from './functions.ts';
export { isMathName, MathEmitter, mathFunction } from './math-emitter.ts';
