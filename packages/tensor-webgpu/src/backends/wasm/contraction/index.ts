export { emitContraction } from './contraction.ts';
export type {
  ContractionSpec,
  ContractionType,
  EmittedContraction,
  OperandLayout,
  ResultLayout,
} from './spec.ts';
export { ContractionError } from './spec.ts';
