import { type DType, isFloat, type TypedArray } from '../dtype/dtype.ts';
import { DerivativeError, FlowfieldError } from '../errors/errors.ts';
import { defaultDevice, jit, tensor } from '../index.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import type { Program } from '../program/program.ts';
import { type RefArray, refArray } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { traceProgram } from '../trace/builder.ts';
import { type Draft, inputData } from './draft.ts';
import { withNoise } from './noise.ts';
import { type FunctionText, functionOf, functionTexts } from './text.ts';
import { isLaw } from './wraps.ts';

export type Verdict =
  | { readonly kind: 'right' | 'refused' | 'unsure' }
  | { readonly kind: 'wrong'; readonly why: string; readonly signature: string };

/** Agreement that needs no further question, relative to the largest element. */
const CLOSE: Readonly<Partial<Record<DType, number>>> = { f32: 1e-6, f64: 1e-13 };
/** Disturbed runs that say how well a result is determined. */
const NOISY_RUNS = 12;
/** How far beyond the disturbances an error may reach. */
const NOISE_FACTOR = 60;
/** Beyond this a number is not what these programs are about: f32 is near its end. */
const HUGE = 1e30;

/** Functions whose results have no tensor to follow to its device. */
const MAKES = /\b(full|zeros|ones|eye|arange|linspace|tensor|key|switchCase|cond|foriLoop|whileLoop|scan)\(/;

const wrong = (why: string, signature = why): Verdict => ({ kind: 'wrong', why, signature });

/**
 * Runs a draft on a device, compiled, and plainly in float64 without any of the compiler's rewriting, and
 * compares. Where they differ by more than rounding of well-determined numbers, or something throws, it is wrong.
 */
export function examine(
  draft: Draft,
  { device = 'cpu', eager = false }: { readonly device?: string; readonly eager?: boolean } = {},
): Verdict {
  let program: Program;
  let captured: readonly Value[];
  let f: ReturnType<typeof functionOf>;
  const data = inputData(draft);
  let texts: FunctionText[];
  try {
    texts = functionTexts(draft);
    f = functionOf(texts);
    ({ program, captured } = traceProgram(draft.inputs, f));
  } catch (error) {
    if (error instanceof DerivativeError) return { kind: 'refused' };
    return wrong(`tracing throws ${describe(error)}`, `trace ${String((error as Error).message).slice(0, 40)}`);
  }
  const outside = captured.map((value) => (value as Tensor).dataSync());
  const arrays = program.inputs.map(
    ({ shape, dtype }, i): RefArray => refArray(shape, dtype, [...data, ...outside][i]),
  );
  let expected: RefArray[];
  try {
    expected = evaluateProgram(program, arrays);
  } catch (error) {
    if (draft.special && error instanceof FlowfieldError) return { kind: 'refused' };
    return wrong(`the reference throws ${describe(error)}`, 'reference throws');
  }
  const noisy = disturbed(program, arrays);
  const movement = (k: number): Float64Array =>
    spread(
      expected[k].data,
      noisy().map((run) => run[k].data),
      expected[k].dtype,
    );
  if (isLaw(texts[texts.length - 1].transform)) {
    const half = expected.length / 2;
    for (let k = 0; k < half; k++) {
      const verdict = compare(
        expected[k].data,
        expected[half + k].data,
        expected[k].dtype,
        `law ${k}`,
        () => {
          const other = movement(half + k);
          return movement(k).map((moved, i) => moved + other[i]);
        },
        'law',
      );
      if (verdict) return verdict;
    }
  }
  let actual: TypedArray[];
  const before = defaultDevice().name;
  try {
    // Numbers follow the tensors they meet; what is made of nothing goes to the default device.
    if (MAKES.test(texts.map(({ text }) => text).join())) defaultDevice(device);
    const inputs = draft.inputs.map(({ shape, dtype }, i) => tensor(data[i], { shape, dtype, device }));
    const results = (eager ? f(...inputs) : jit((...xs: Value[]) => f(...xs))(...inputs)) as Tensor[];
    actual = results.map((result) => result.dataSync());
    for (const value of new Set([...inputs, ...results])) value.dispose();
  } catch (error) {
    return wrong(`${device} throws ${describe(error)}`, `device ${String((error as Error).message).slice(0, 40)}`);
  } finally {
    defaultDevice(before);
  }
  for (let k = 0; k < expected.length; k++) {
    const verdict = compare(expected[k].data, actual[k], expected[k].dtype, `output ${k}`, () => movement(k), 'device');
    if (verdict) return verdict;
  }
  return { kind: expected.some(({ data: numbers }) => numbers.some((x) => !Number.isFinite(x))) ? 'unsure' : 'right' };
}

const describe = (error: unknown): string =>
  error instanceof Error
    ? `${error.name}: ${error.message}\n${error.stack?.split('\n').slice(1, 6).join('\n')}`
    : String(error);

/** Runs of the program with rounding made visible, computed once and only when asked for. */
function disturbed(program: Program, arrays: readonly RefArray[]): () => RefArray[][] {
  let runs: RefArray[][] | undefined;
  return () => {
    runs ??= Array.from({ length: NOISY_RUNS }, (_, seed) => evaluateProgram(withNoise(program, seed + 1), arrays));
    return runs;
  };
}

/** `null` when two results agree as well as rounding lets them. */
function compare(
  expected: TypedArray,
  actual: TypedArray,
  dtype: DType,
  what: string,
  movement: () => Float64Array,
  signature: string,
): Verdict | null {
  if (expected.length !== actual.length)
    return wrong(`${what}: ${expected.length} elements expected, got ${actual.length}`, `${signature} length`);
  let scale = 0;
  for (const x of expected) if (Number.isFinite(x)) scale = Math.max(scale, Math.abs(x));
  const close = (CLOSE[dtype] ?? 0) * scale;
  let bounds: Float64Array | undefined;
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [expected[i], actual[i]];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y)) || Math.abs(x - y) <= close) continue;
    if (isFloat(dtype) && !(Math.abs(x) < HUGE)) continue;
    bounds ??= movement();
    if (Math.abs(x - y) <= bounds[i] || bounds[i] === Infinity) continue;
    return wrong(
      `${what}, element ${i} (${dtype}): expected ${x}, got ${y}; rounding explains ${bounds[i].toExponential(2)}`,
      `${signature} ${Number.isNaN(y) ? 'NaN' : 'value'}`,
    );
  }
  return null;
}

/** How far rounding may move each element: the largest disturbance of the element, or a typical one of the tensor. */
function spread(expected: TypedArray, runs: readonly TypedArray[], dtype: DType): Float64Array {
  const own = new Float64Array(expected.length);
  for (const run of runs) {
    for (let i = 0; i < own.length; i++) {
      const moved = Math.abs(run[i] - expected[i]);
      own[i] = Number.isFinite(moved)
        ? Math.max(own[i], moved)
        : run[i] === expected[i] || (Number.isNaN(run[i]) && Number.isNaN(expected[i]))
          ? own[i]
          : Infinity;
    }
  }
  // An integer or a truth value that rounding can change is not determined at all.
  if (!isFloat(dtype)) return own.map((moved) => (moved > 0 ? Infinity : 0));
  const sorted = own.filter((moved) => moved > 0).sort();
  const typical = sorted.length > 0 ? sorted[Math.floor(sorted.length / 2)] : 0;
  const unit = dtype === 'f32' ? 2 ** -23 : 2 ** -52;
  return own.map(
    (moved, i) =>
      NOISE_FACTOR * (moved + typical) + 16 * unit * Math.abs(expected[i]) + (dtype === 'f32' ? 1e-36 : 1e-300),
  );
}
