import type { DType, TypedArray } from '../dtype/dtype.ts';
import { hostArray, isFloat } from '../dtype/dtype.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import { generator } from './picks.ts';
import type { Sketch } from './sketch.ts';

/** One line of a program: `const name = text`. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A program as text, with the inputs it is run on and the transforms around it. */
export interface Draft {
  readonly inputs: readonly Omit<Statement, 'text'>[];
  readonly statements: readonly Statement[];
  readonly outputs: readonly string[];
  readonly wraps: Sketch['wraps'];
  readonly seed: number;
  readonly special?: boolean;
}

export const mentions = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

/** The draft without the statements and inputs that its outputs do not need. */
export function withoutUnused(draft: Draft): Draft {
  const needed = new Set(draft.outputs);
  const kept: Statement[] = [];
  for (const statement of [...draft.statements].reverse()) {
    if (!needed.has(statement.name)) continue;
    kept.unshift(statement);
    for (const name of statement.text.match(/\bv\d+\b/g) ?? []) needed.add(name);
  }
  const inputs = draft.inputs.filter(({ name }) => needed.has(name));
  return { ...draft, statements: kept, inputs: inputs.length > 0 ? inputs : draft.inputs.slice(0, 1) };
}

const SPECIAL_FLOATS = [0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 0, -0];
const SPECIAL_INTEGERS = {
  i32: [-(2 ** 31), 2 ** 31 - 1, -1, 2 ** 24 + 1],
  u32: [2 ** 31, 2 ** 32 - 1, 2 ** 24 + 1, 0],
};

/**
 * Numbers for the inputs: floats in [-2, 2) exact in f32 with some zeros and repeats, small integers, booleans. Where they
 * are to be special, one in four is.
 */
export function inputData(draft: Draft): TypedArray[] {
  return draft.inputs.map(({ name, shape, dtype }) => {
    const draw = generator(draft.seed + 7919 * Number(name.slice(1)));
    const data = hostArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      const unit = draw() / 2 ** 32;
      if (draft.special && dtype !== 'bool' && draw() % 4 === 0) {
        const list = dtype === 'i32' || dtype === 'u32' ? SPECIAL_INTEGERS[dtype] : SPECIAL_FLOATS;
        data[i] = list[draw() % list.length];
      } else if (isFloat(dtype)) data[i] = draw() % 12 === 0 ? Math.round(4 * unit - 2) : Math.fround(4 * unit - 2);
      else if (dtype === 'bool') data[i] = unit < 0.5 ? 0 : 1;
      else data[i] = Math.floor(12 * unit) - (dtype === 'i32' ? 6 : 0);
    }
    return data;
  });
}
