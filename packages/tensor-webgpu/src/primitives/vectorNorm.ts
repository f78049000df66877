import type { Aval } from '../program/aval.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import type { Lax } from '../program/lax.ts';
import type { Primitive, Program } from '../program/program.ts';
import type { Value } from '../program/value.ts';
import { withoutAxes } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { traceProgram } from '../trace/builder.ts';
import { lax } from './lax.ts';
import { keptAxes } from './reduce.ts';

interface VectorNormParams {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
  /** The sum of squares is divided by it. */
  readonly divisor: number;
  /** The operand, of which the body is made. */
  readonly operand: Aval;
}

/**
 * The least sum of squares that has all its digits; the powers of two that bring numbers back from either end; and the size
 * below which a number is nothing beside those whose squares overflow. Shrunk and squared, smaller ones would be
 * subnormal, which costs processors a hundred times the work.
 */
const SCALES = {
  f32: { least: 2 ** -100, shrink: 2 ** -80, grow: 2 ** 90, nothing: 2 ** 20 },
  f64: { least: 2 ** -900, shrink: 2 ** -600, grow: 2 ** 600, nothing: 2 ** 200 },
};

const outputShape = ({ operand, axes, keepDims }: VectorNormParams): number[] =>
  keepDims ? operand.shape.map((extent, i) => (axes.includes(i) ? 1 : extent)) : withoutAxes(operand.shape, axes);

/** A reduction of the operand, repeated over the axes it lost. */
const spread = (y: Value, { operand, axes }: VectorNormParams): Value =>
  lax.broadcastInDim(
    lax.reshape(y, withoutAxes(operand.shape, axes)),
    operand.shape,
    keptAxes(operand.shape.length, axes),
  );

/**
 * sqrt(Σ x² / divisor). Three sums are taken in one pass: of the squares, and of those of x scaled down and up by a power of
 * two, for where the first one overflows or vanishes.
 */
function body(params: VectorNormParams): Program {
  const { operand, axes, divisor } = params;
  const { least, shrink, grow, nothing } = SCALES[operand.dtype as 'f32' | 'f64'];
  return traceProgram([operand], (x) => {
    const squares = (of: Value): Value => lax.reduceSum(lax.mul(of, of), axes);
    const plain = squares(x);
    const tooLarge = lax.eq(plain, Number.POSITIVE_INFINITY);
    const tooSmall = lax.lt(plain, least);
    const pick = (ofLarge: Value | number, ofSmall: Value | number, otherwise: Value): Value =>
      lax.select(tooLarge, ofLarge, lax.select(tooSmall, ofSmall, otherwise));
    const large = lax.select(lax.gt(lax.abs(x), nothing), lax.mul(x, shrink), 0);
    const sum = pick(squares(large), squares(lax.mul(x, grow)), plain);
    const root = lax.sqrt(divisor === 1 ? sum : lax.div(sum, divisor));
    const scale = pick(1 / shrink, 1 / grow, lax.full(sum.shape, 1, operand.dtype));
    return [lax.reshape(lax.mul(root, scale), outputShape(params))];
  }).program;
}

/** The derivative of the radicand: 2 Σ x dx / divisor. It is exact where the root itself has no derivative. */
export function alongSquare(x: Value, dx: Value, params: VectorNormParams): Value {
  const sum = lax.reduceSum(lax.mul(x, dx), params.axes);
  return lax.reshape(lax.mul(sum, 2 / params.divisor), outputShape(params));
}

/**
 * The square root of a mean or sum of squares over some axes. Its derivative at 0 is 0, a subgradient; its square has
 * the derivative of the sum of squares there too (`alongSquare`).
 */
export const vectorNormPrimitive: Primitive = {
  name: 'vectorNorm',
  kind: 'inline',
  shape: ([x], params: VectorNormParams) => [{ shape: outputShape(params), dtype: x.dtype }],
  body,
  evaluate: (inputs, params: VectorNormParams) => evaluateProgram(body(params), inputs),
  jvp(_lax: Lax, [x], [dx], params: VectorNormParams) {
    const [norm] = bind(vectorNormPrimitive, [x], params);
    if (!dx) return { outputs: [norm], tangents: [null] };
    // Divided before anything is multiplied: no square, and nothing else, leaves the range of the numbers.
    const direction = lax.div(x, spread(lax.select(lax.eq(norm, 0), 1, norm), params));
    const sum = lax.reshape(lax.reduceSum(lax.mul(direction, dx), params.axes), outputShape(params));
    return { outputs: [norm], tangents: [params.divisor === 1 ? sum : lax.div(sum, params.divisor)] };
  },
  batch(_lax, _size, [x], _batched, params: VectorNormParams) {
    const axes = params.axes.map((axis) => axis + 1);
    return { outputs: bind(vectorNormPrimitive, [x], { ...params, axes, operand: avalOf(x) }), batched: [true] };
  },
};

const avalOf = ({ shape, dtype }: Aval): Aval => ({ shape, dtype });

export const vectorNorm = (x: Value, axes: readonly number[], keepDims: boolean, divisor = 1): Value =>
  bind(vectorNormPrimitive, [x], { axes: [...axes].sort((a, b) => a - b), keepDims, divisor, operand: avalOf(x) })[0];
