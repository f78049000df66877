export { emitContraction } from './contraction.ts';
export type { ContractionSpec, ContractionType, EmittedContraction } from './spec.ts';
