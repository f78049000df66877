import type { DType } from '../../dtype/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** An example operand: numbers in [low, high], drawn anew for each check, or exact values. */
export interface Example {
  readonly shape: readonly number[];
  /** The range the numbers are drawn from. */
  readonly range: readonly [number, number];
  /** Numbers nearer than 0.05 to one of these are moved away: kinks, where no derivative exists. */
  readonly avoid?: readonly number[];
  /** A dtype other than the one under test, for indices and conditions; integers lie in [low, high). */
  readonly dtype?: DType;
}

/** What is promised of one function, for checks that run through all of them. */
export interface OpEntry {
  readonly name: string;
  /** The formula, for people. */
  readonly formula: string;
  readonly examples: readonly Example[];
  readonly apply: (...operands: Tensor[]) => Tensor;
  /** Dtypes to check (default f32 and f64). */
  readonly dtypes?: readonly DType[];
  /** How many times the function can be differentiated at the examples (default 2). */
  readonly order?: 0 | 1 | 2;
  /** Largest error in units in the last place, by dtype. */
  readonly ulp: { readonly f32: number; readonly f64: number };
  /** Errors are measured against max(|result|, scale): for results that cancel (default: 0, truly relative). */
  readonly scale?: number;
}

export const NUMBERS: readonly DType[] = ['f32', 'f64', 'i32', 'u32'];

/** The shapes that elementwise entries are tried on: an odd length, so that vector code has a rest. */
export const VECTOR: readonly number[] = [13];

export const example = (
  shape: readonly number[],
  range: readonly [number, number] = [-2, 2],
  more: Partial<Example> = {},
): Example => ({ shape, range, ...more });

/** Integers in [0, count). */
export const indices = (shape: readonly number[], count: number): Example => ({
  shape,
  range: [0, count],
  dtype: 'i32',
});

/** Bounds in ULP for a result rounded once or a few times; f64 has the same code but no float64 oracle beyond itself. */
export const ulps = (f32: number, f64 = f32): { f32: number; f64: number } => ({ f32, f64 });

type Options = Partial<Pick<OpEntry, 'dtypes' | 'order' | 'scale'>> & { readonly avoid?: readonly number[] };

/** A function of one operand, element by element, on numbers of `range`. */
export function unaryEntry(
  name: string,
  formula: string,
  apply: (x: Tensor) => Tensor,
  range: readonly [number, number],
  bound: number,
  { avoid, ...rest }: Options = {},
): OpEntry {
  return { name, formula, apply, examples: [example(VECTOR, range, { avoid })], ulp: ulps(bound), ...rest };
}

/** A function of two operands, element by element, once of equal shapes and once broadcast. */
export function binaryEntries(
  name: string,
  formula: string,
  apply: (x: Tensor, y: Tensor) => Tensor,
  ranges: readonly [readonly [number, number], readonly [number, number]],
  bound: number,
  { avoid, ...rest }: Options = {},
): OpEntry[] {
  const examples = (left: readonly number[], right: readonly number[]) => [
    example(left, ranges[0], { avoid }),
    example(right, ranges[1], { avoid }),
  ];
  const entry = { formula, apply, ulp: ulps(bound), ...rest };
  return [
    { ...entry, name, examples: examples(VECTOR, VECTOR) },
    { ...entry, name: `${name}, broadcast`, examples: examples([3, 1], [2, 1, 5]) },
  ];
}
