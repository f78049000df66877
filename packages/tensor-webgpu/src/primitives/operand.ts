import type { DType } from '../dtype/dtype.ts';
import { describe } from '../errors/checks.ts';
import { ArgumentError, DTypeError, ShapeError } from '../errors/errors.ts';
import { type Aval, Literal } from '../program/aval.ts';
import type { Value } from '../program/value.ts';
import { type Shape, sameShape, showShape } from '../shape/shape.ts';
import { isValue, literalValue } from '../trace/value.ts';

/** What rules and wrappers accept as an operand: a value, or a number that takes the other operand's dtype. */
export type Operand = Value | number;

/** Numbers become literals of the dtype of the first real operand (or `fallback`). */
export function asValues(operands: readonly Operand[], fallback: DType = 'f32'): Value[] {
  const dtype = operands.find((operand) => isValue(operand)) as Value | undefined;
  return operands.map((operand) => {
    if (typeof operand === 'number') return literalValue(new Literal(operand, dtype?.dtype ?? fallback));
    if (isValue(operand)) return operand;
    throw new ArgumentError(`Expected a tensor or a number, got ${describe(operand)}. Convert data with tensor(...).`);
  });
}

/** An operand of rank 0 given as a number fits beside any shape. */
export const isLiteral = (aval: Aval): boolean =>
  aval instanceof Literal || ('state' in aval && (aval as Value).state.kind === 'literal');

/** The number of a literal operand; `undefined` for any other. */
export function literalNumber(operand: Operand): number | undefined {
  if (typeof operand === 'number') return operand;
  return operand.state.kind === 'literal' ? operand.state.literal.value : undefined;
}

/** The common shape of elementwise operands. Throws `ShapeError` unless all non-literal operands agree. */
export function commonShape(name: string, inputs: readonly Aval[]): Shape {
  let shape: Shape | null = null;
  for (const input of inputs) {
    if (isLiteral(input)) continue;
    if (shape && !sameShape(shape, input.shape)) {
      throw new ShapeError(
        `${name}: operands of shapes ${inputs.map((aval) => showShape(aval.shape)).join(', ')} must have one shape. Broadcast them first.`,
      );
    }
    shape = input.shape;
  }
  return shape ?? [];
}

/** Throws `DTypeError` unless all operands have one dtype, and that one is in `allowed`. */
export function commonDType(name: string, inputs: readonly Aval[], allowed?: readonly DType[]): DType {
  const dtype = inputs[0].dtype;
  for (const input of inputs) {
    if (input.dtype !== dtype) {
      throw new DTypeError(
        `${name}: operands of dtypes ${inputs.map((aval) => aval.dtype).join(', ')} must have one dtype. Cast them first.`,
      );
    }
  }
  if (allowed && !allowed.includes(dtype)) {
    throw new DTypeError(
      `${name}: dtype ${dtype} is not supported; expected ${allowed.join(', ')}. Cast the operand first.`,
    );
  }
  return dtype;
}
