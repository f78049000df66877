import { type DType, isFloat } from '../dtype/dtype.ts';
import type { Aval, Params } from '../program/aval.ts';
import type { Lax } from '../program/lax.ts';
import type { Law, Primitive } from '../program/program.ts';
import { type RefArray, refArray, refData } from '../program/refArray.ts';
import type { Operand, Tangent, Value } from '../program/value.ts';
import { range, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { asValues, commonDType, commonShape, isLiteral } from './operand.ts';

/** A function on one element. */
export type Scalar = (...args: number[]) => number;

/**
 * The derivative along one operand: the factor of its tangent, `'one'` or `'neg'` for the factors 1 and -1,
 * `null` where the function is flat in it.
 */
export type Partial =
  | null
  | 'one'
  | 'neg'
  | ((lax: Lax, inputs: readonly Value[], output: Value, params: Params) => Operand | null);

interface ElementwiseSpec {
  readonly name: string;
  readonly laws?: readonly Law[];
  /** The function on one element, in double precision. */
  readonly scalar?: Scalar;
  /** Where the function depends on the operands' dtype or on the parameters: takes the place of `scalar`. */
  readonly scalarFor?: (dtype: DType, params: Params) => Scalar;
  readonly dtypes?: readonly DType[];
  /** The output's dtype from the operands' (default: their common dtype). */
  readonly outputDType?: (inputs: readonly Aval[], params: Params) => DType;
  /** One per operand. Omitted: the function is flat everywhere, or its output is no real number. */
  readonly partials?: readonly Partial[];
  /** A derivative that partial factors do not express well. */
  readonly jvp?: (lax: Lax, inputs: readonly Value[], tangents: readonly Tangent[], output: Value) => Tangent;
  readonly transpose?: Primitive['transpose'];
  /** Floating operations of one element (default: 1). */
  readonly cost?: number;
}

export const FLOATS: readonly DType[] = ['f32', 'f64'];
export const INTEGERS: readonly DType[] = ['u32', 'i32'];
export const NUMBERS: readonly DType[] = ['u32', 'i32', 'f32', 'f64'];

/** An elementwise primitive from its function on one element and its partial derivatives. */
export function elementwise(spec: ElementwiseSpec): Primitive {
  const { scalar, scalarFor } = spec;
  const primitive: Primitive = {
    name: spec.name,
    laws: spec.laws,
    kind: 'elementwise',
    scalar,
    scalarFor,
    lowering: { as: 'map', cost: spec.cost },
    shape(inputs, params) {
      const shape = commonShape(spec.name, inputs);
      const dtype = spec.outputDType ? spec.outputDType(inputs, params) : commonDType(spec.name, inputs, spec.dtypes);
      return [{ shape, dtype }];
    },
    jvp(lax, inputs, tangents, params) {
      const [output] = bind(primitive, inputs, params);
      if (!isFloat(output.dtype)) return { outputs: [output], tangents: [null] };
      const tangent = spec.jvp
        ? spec.jvp(lax, inputs, tangents, output)
        : alongPartials(lax, spec.partials ?? [], inputs, tangents, output, params);
      return { outputs: [output], tangents: [tangent] };
    },
    batch: batchElementwise((inputs, params) => bind(primitive, inputs, params)),
    evaluate: (inputs, params, outputs) => {
      const dtype = inputs[inputs.length - 1].dtype;
      return [evaluateElementwise((scalarFor?.(dtype, params) ?? scalar) as Scalar, inputs, outputs[0])];
    },
    transpose: spec.transpose,
  };
  return primitive;
}

/** The sum of each tangent times its partial factor. */
function alongPartials(
  lax: Lax,
  partials: readonly Partial[],
  inputs: readonly Value[],
  tangents: readonly Tangent[],
  output: Value,
  params: Params,
): Tangent {
  let total: Tangent = null;
  for (let i = 0; i < inputs.length; i++) {
    const partial = partials[i];
    const tangent = tangents[i];
    if (!tangent || !partial) continue;
    if (partial === 'neg') {
      total = total ? lax.sub(total, tangent) : lax.neg(tangent);
      continue;
    }
    const factor = partial === 'one' ? 1 : partial(lax, inputs, output, params);
    if (factor === null) continue;
    total = addTangents(lax, total, factor === 1 ? tangent : lax.mul(tangent, factor));
  }
  return total;
}

/** The sum of two tangents, where `null` is zero. */
export const addTangents = (lax: Lax, a: Tangent, b: Tangent): Tangent => (a && b ? lax.add(a, b) : (a ?? b));

/** Elementwise batching: operands that are not batched are repeated along the new first axis. */
export function batchElementwise(apply: (inputs: Value[], params: Params) => Value[]): NonNullable<Primitive['batch']> {
  return (lax, size, inputs, batched, params) => {
    const outputs = apply(batchAll(lax, size, inputs, batched), params);
    return { outputs, batched: outputs.map(() => true) };
  };
}

/** All operands with the mapped axis first: those without it are repeated, literals stay. */
const batchAll = (lax: Lax, size: number, inputs: readonly Value[], batched: readonly boolean[]): Value[] =>
  inputs.map((input, i) => (batched[i] || isLiteral(input) ? input : repeatFirst(lax, input, size)));

/** `value` repeated `size` times along a new first axis (a view). */
export const repeatFirst = (lax: Lax, value: Value, size: number): Value =>
  lax.broadcastInDim(value, [size, ...value.shape], range(1, value.shape.length + 1));

function evaluateElementwise(scalar: Scalar, inputs: readonly RefArray[], output: Aval): RefArray {
  const size = sizeOf(output.shape);
  const data = refData(output.dtype, size);
  // A literal stands still while the others advance.
  const steps = inputs.map((input) => (input.data.length === 1 ? 0 : 1));
  const [a, b, c] = inputs.map((input) => input.data);
  const [stepA, stepB, stepC] = steps;
  if (inputs.length === 1) {
    for (let i = 0; i < size; i++) data[i] = scalar(a[i * stepA]);
  } else if (inputs.length === 2) {
    for (let i = 0; i < size; i++) data[i] = scalar(a[i * stepA], b[i * stepB]);
  } else {
    for (let i = 0; i < size; i++) data[i] = scalar(a[i * stepA], b[i * stepB], c[i * stepC]);
  }
  return refArray(output.shape, output.dtype, data);
}

/** A primitive of one operand as a function on values. */
export const unary =
  (primitive: Primitive) =>
  (x: Operand): Value =>
    bind(primitive, asValues([x]), {})[0];

/** A primitive of two operands as a function on values; a number takes the other operand's dtype. */
export const binary =
  (primitive: Primitive) =>
  (x: Operand, y: Operand): Value =>
    bind(primitive, asValues([x, y]), {})[0];
