import { type DType, isFloat } from '../../dtype/dtype.ts';
import { lax } from '../../primitives/lax.ts';
import { type Atom, type Aval, Literal } from '../../program/aval.ts';
import type { Value } from '../../program/value.ts';
import { runTraced } from '../../trace/bind.ts';
import { liftLeaf } from '../../trace/constant.ts';
import { type PlainNumber, plainNumber } from '../../trace/plainNumber.ts';
import { literalValue, numberBehind } from '../../trace/value.ts';
import { flatten, type Structure } from '../../tree/tree.ts';

/** A tree of tensors and plain numbers, flattened. */
export interface FlatTree {
  readonly values: readonly Value[];
  /** Which leaves are plain numbers: they have no device, and take the dtype of what they meet. */
  readonly plain: readonly boolean[];
  /** Of each of them, and of those that a traced function was called with, what a trace may know. */
  readonly numbers: readonly (PlainNumber | undefined)[];
  readonly structure: Structure;
}

/** Numbers and booleans become literals, which are of no device, outside of traces too. */
export function flattenLeaves(tree: unknown, use: string): FlatTree {
  const { leaves, structure } = flatten(tree);
  const values = leaves.map((leaf) => {
    if (typeof leaf === 'number') return literalValue(new Literal(leaf, 'f32'));
    return typeof leaf === 'boolean' ? literalValue(new Literal(Number(leaf), 'bool')) : liftLeaf(leaf, use);
  });
  return {
    values,
    plain: leaves.map((leaf) => typeof leaf === 'number'),
    numbers: leaves.map((leaf, i) => {
      if (typeof leaf === 'number') return plainNumber(leaf);
      const number = numberBehind(values[i]);
      return number && { kind: number.kind, asked: false };
    }),
    structure,
  };
}

/** A number given as an operand becomes a value that can change. */
export const concrete = (value: Value): Value =>
  value.state.kind === 'literal' ? lax.full([], value.state.literal.value, value.dtype) : value;

export const integerLiteral = (value: number): Value => literalValue(new Literal(value, 'i32'));

/** `runTraced` for values among which are literals, which are written into the program. */
export function runOnLeaves<Extra>(
  values: readonly Value[],
  use: string,
  build: (...values: Value[]) => { outputs: readonly Value[]; extra: Extra },
): { outputs: readonly Value[]; extra: Extra } {
  const isLiteral = (value: Value): boolean => value.state.kind === 'literal';
  const stored = values.filter((value) => !isLiteral(value));
  return runTraced(stored, use, (...traced) => {
    let next = 0;
    return build(...values.map((value) => (isLiteral(value) ? value : traced[next++])));
  });
}

/** Whether a number can be written in a dtype without a change of its kind. */
const fits = (value: number, dtype: DType): boolean => isFloat(dtype) || (dtype !== 'bool' && Number.isInteger(value));

/** A number in the dtype of what it meets, where it fits; anything else as it is. */
export function numberLike(value: Value, { dtype }: Aval): Value {
  const number = numberBehind(value);
  if (number && !isFloat(dtype) && dtype !== 'bool') {
    number.asked = true;
    return number.kind === 'natural' || (number.kind === 'negative' && dtype === 'i32')
      ? lax.cast(value, dtype)
      : value;
  }
  if (value.state.kind !== 'literal' || value.dtype === dtype) return value;
  const { literal } = value.state;
  return fits(literal.value, dtype) ? literalValue(new Literal(literal.value, dtype)) : value;
}

/** The same for an output of a program. */
export function numberAtomLike(atom: Atom, { dtype }: Aval): Atom {
  if (!(atom instanceof Literal) || atom.dtype === dtype || !fits(atom.value, dtype)) return atom;
  return new Literal(atom.value, dtype);
}
