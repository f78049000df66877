import { closeness, type Measured, randomNumbers } from './numbers.ts';

/** The parts of a tensor that the checks read. */
export interface CheckedTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  data(): Promise<ArrayLike<number>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the library under test brings its own tensor type.
export type Any = any;
export type Apply = (...operands: Any[]) => Any;

/** The library under test, handed in so that these helpers depend on no package. */
export interface CheckedLibrary {
  tensor(data: ArrayLike<number>, options: { shape: readonly number[]; dtype: Any; device: string }): CheckedTensor;
  jvp(f: Apply, primals: Any, tangents: Any): [CheckedTensor, CheckedTensor];
  vjp(f: Apply, ...primals: Any): [CheckedTensor, (cotangent: Any) => CheckedTensor[]];
  vmap(f: Apply): Apply;
  jit(f: Apply): Apply;
}

interface CheckedExample {
  readonly shape: readonly number[];
  readonly range: readonly [number, number];
  readonly avoid?: readonly number[];
  readonly dtype?: string;
}

/** What is promised of one function. */
export interface CheckedOp {
  readonly name: string;
  readonly examples: readonly CheckedExample[];
  readonly apply: Apply;
  readonly dtypes?: readonly string[];
  readonly order?: 0 | 1 | 2;
  readonly ulp: Readonly<Record<string, number>>;
  readonly scale?: number;
  /** Zeros of both signs, infinities, NaN and the ends of integers give the same on every device (default true). */
  readonly special?: boolean;
}

/** A set of operands as host numbers. */
export interface Operands {
  readonly data: readonly Float64Array[];
  readonly shapes: readonly (readonly number[])[];
  readonly dtypes: readonly string[];
}

/** The device whose results are right by definition. */
export const ORACLE = 'reference';

export const isFloat = (dtype: string): boolean => dtype === 'f32' || dtype === 'f64';
export const epsilon = (dtype: string): number => (dtype === 'f32' ? 2 ** -23 : 2 ** -52);
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Draws operands for a dtype: integers are whole, and f32 numbers are exact in f32. */
export function draw(op: CheckedOp, dtype: string, seed: number): Operands {
  const next = randomNumbers(`${op.name} ${seed}`);
  const dtypes = op.examples.map((example) => example.dtype ?? dtype);
  const data = op.examples.map(({ shape, range: [low, high], avoid = [], dtype: fixed }, i) => {
    const type = dtypes[i];
    return Float64Array.from({ length: sizeOf(shape) }, () => {
      let value = low + (high - low) * next();
      if (type === 'bool') return value >= (low + high) / 2 ? 1 : 0;
      if (!isFloat(type)) {
        value = Math.floor(value);
        return fixed === undefined && type === 'u32' ? Math.abs(value) : value;
      }
      for (const kink of avoid) if (Math.abs(value - kink) < 0.05) value = kink + (value < kink ? -0.05 : 0.05);
      return Math.fround(value);
    });
  });
  return { data, shapes: op.examples.map(({ shape }) => shape), dtypes };
}

const SPECIAL_FLOATS = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1, -1, 2];
const SPECIAL_INTEGERS: Readonly<Record<string, readonly number[]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1, -1, 0, 2 ** 24 + 1],
  u32: [2 ** 32 - 1, 2 ** 31, 0, 1, 2 ** 24 + 1],
  bool: [0, 1],
};

/** The same operands with special numbers among them; indices also from before the first place to beyond the last. */
export function drawSpecial(op: CheckedOp, dtype: string, seed: number): Operands {
  const plain = draw(op, dtype, seed);
  const next = randomNumbers(`${op.name} special ${seed}`);
  const data = plain.data.map((numbers, i) => {
    const { dtype: fixed, range } = op.examples[i];
    const type = plain.dtypes[i];
    const list = isFloat(type)
      ? SPECIAL_FLOATS
      : fixed === undefined
        ? SPECIAL_INTEGERS[type]
        : [-1, -range[1], -range[1] - 1, range[1], range[1] + 1, 2 ** 31 - 1, -(2 ** 31)].filter(
            (x) => type === 'i32' || x >= 0,
          );
    return numbers.map((x) => (type !== 'bool' && next() < 0.5 ? list[Math.floor(list.length * next())] : x));
  });
  return { ...plain, data };
}

export function tensors(
  library: CheckedLibrary,
  { data, shapes, dtypes }: Operands,
  device: string,
  floatType?: string,
): CheckedTensor[] {
  return data.map((numbers, i) =>
    library.tensor(numbers, {
      shape: shapes[i],
      dtype: floatType && isFloat(dtypes[i]) ? floatType : dtypes[i],
      device,
    }),
  );
}

export function fail(op: CheckedOp, where: string, what: string): never {
  throw new Error(`${op.name} (${where}): ${what}`);
}

export function compare(
  op: CheckedOp,
  where: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  unit: number,
  bound: number,
  scale: number,
): Measured {
  const measured = closeness(actual, expected, unit, scale);
  if (!(measured.worst <= bound)) {
    fail(
      op,
      where,
      `got ${measured.actual} for ${measured.expected} at flat index ${measured.index}: off by ${measured.worst.toPrecision(3)} units, allowed ${bound}.`,
    );
  }
  return measured;
}

export const sameShape = (a: CheckedTensor, b: CheckedTensor): boolean => a.shape.join() === b.shape.join();

/** The promised bound of a function, in units in the last place of a dtype. */
export const boundOf = (op: CheckedOp, dtype: string): number => op.ulp[dtype] ?? 0;
