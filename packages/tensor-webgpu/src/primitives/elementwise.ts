import { type DType, hostArray, isFloat, toDType } from '../dtype/dtype.ts';
import type { Primitive, RefArray, Tangent } from '../program/primitive.ts';
import type { Aval, Params } from '../program/program.ts';
import { range, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import type { Value } from '../trace/value.ts';
import type { Lax } from './lax.ts';
import { asValues, commonDType, commonShape, isLiteral, type Operand } from './operand.ts';

interface ElementwiseSpec {
  readonly name: string;
  /** The function on one element. */
  readonly scalar: (...args: number[]) => number;
  readonly dtypes?: readonly DType[];
  /** The output's dtype from the operands' (default: their common dtype). */
  readonly outputDType?: (inputs: readonly Aval[], params: Params) => DType;
  /**
   * Partial derivatives: for each operand a function of (operands, output) that returns the factor of its
   * tangent, or `'one'`, or `null` where the function is flat in it. Omitted: no derivative at all (all flat).
   */
  readonly partials?: readonly (null | 'one' | ((lax: Lax, inputs: readonly Value[], output: Value) => Operand))[];
  readonly transpose?: Primitive['transpose'];
}

export const FLOATS: readonly DType[] = ['f32', 'f64'];
export const NUMBERS: readonly DType[] = ['u32', 'i32', 'f32', 'f64'];

/** An elementwise primitive from its function on one element and its partial derivatives. */
export function elementwise(spec: ElementwiseSpec): Primitive {
  const primitive: Primitive = {
    name: spec.name,
    kind: 'elementwise',
    scalar: spec.scalar,
    shape(inputs, params) {
      const shape = commonShape(spec.name, inputs);
      const dtype = spec.outputDType ? spec.outputDType(inputs, params) : commonDType(spec.name, inputs, spec.dtypes);
      return [{ shape, dtype }];
    },
    jvp(lax, inputs, tangents, params) {
      const [output] = bind(primitive, inputs, params);
      if (!spec.partials || !isFloat(output.dtype)) return { outputs: [output], tangents: [null] };
      let total: Tangent = null;
      for (let i = 0; i < inputs.length; i++) {
        const partial = spec.partials[i];
        const tangent = tangents[i];
        if (!tangent || !partial) continue;
        const term = partial === 'one' ? tangent : (lax.mul(tangent, partial(lax, inputs, output)) as Value);
        total = total ? lax.add(total, term) : term;
      }
      return { outputs: [output], tangents: [total] };
    },
    batch: batchElementwise((inputs, params) => bind(primitive, inputs, params)),
    evaluate: (inputs, _params, outputs) => [evaluateElementwise(spec.scalar, inputs, outputs[0])],
    transpose: spec.transpose,
  };
  return primitive;
}

/** Elementwise batching: operands that are not batched are repeated along the new first axis. */
export function batchElementwise(apply: (inputs: Value[], params: Params) => Value[]): NonNullable<Primitive['batch']> {
  return (lax, size, inputs, batched, params) => {
    const lifted = inputs.map((input, i) => (batched[i] || isLiteral(input) ? input : repeatFirst(lax, input, size)));
    const outputs = apply(lifted, params);
    return { outputs, batched: outputs.map(() => true) };
  };
}

/** `value` repeated `size` times along a new first axis (a view). */
export const repeatFirst = (lax: Lax, value: Value, size: number): Value =>
  lax.broadcastInDim(value, [size, ...value.shape], range(1, value.shape.length + 1));

export function evaluateElementwise(
  scalar: (...args: number[]) => number,
  inputs: readonly RefArray[],
  output: Aval,
): RefArray {
  const size = sizeOf(output.shape);
  const data = hostArray(output.dtype === 'f32' ? 'f64' : output.dtype, size);
  const args = new Array<number>(inputs.length);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < args.length; k++) args[k] = inputs[k].data[inputs[k].data.length === 1 ? 0 : i];
    data[i] = output.dtype === 'f32' ? scalar(...args) : toDType(output.dtype, scalar(...args));
  }
  return { shape: output.shape, dtype: output.dtype, data };
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
