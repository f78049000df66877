import type { DType } from '../dtype/dtype.ts';
import { isInteger } from '../dtype/dtype.ts';
import { ArgumentError, DTypeError, ShapeError } from '../errors/errors.ts';
import type { Aval } from '../program/aval.ts';
import type { Lax } from '../program/lax.ts';
import type { ReduceOperation } from '../program/placing.ts';
import type { Law, Primitive } from '../program/program.ts';
import { type RefArray, refArray, refData } from '../program/refArray.ts';
import type { Tangent, Value } from '../program/value.ts';
import { range, type Shape, showShape, sizeOf, withoutAxes } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { NUMBERS } from './elementwise.ts';
import { readPermuted } from './strided.ts';

interface ReduceParams {
  readonly axes: readonly number[];
}

/** The axes a reduction keeps, in order. */
export const keptAxes = (rank: number, axes: readonly number[]): number[] =>
  range(0, rank).filter((axis) => !axes.includes(axis));

/** The dtype of a reduction's operand and its axes are checked here; the output lacks the axes. */
function reducedAval(name: string, x: Aval, axes: readonly number[], nonEmpty: boolean): Aval {
  if (!NUMBERS.includes(x.dtype)) {
    throw new DTypeError(
      `${name}: dtype ${x.dtype} is not supported; expected ${NUMBERS.join(', ')}. Cast the operand first.`,
    );
  }
  const fits = axes.every(
    (axis, i) => Number.isInteger(axis) && axis >= 0 && axis < x.shape.length && (i === 0 || axes[i - 1] < axis),
  );
  if (!fits) {
    throw new ArgumentError(
      `${name}: axes [${axes.join(', ')}] do not fit shape ${showShape(x.shape)}. Give distinct axes from 0 to ${x.shape.length - 1} in order.`,
    );
  }
  if (nonEmpty && axes.some((axis) => x.shape[axis] === 0)) {
    throw new ShapeError(
      `${name}: shape ${showShape(x.shape)} has no elements along axes [${axes.join(', ')}], and an empty ${name} has no value. Give at least one element.`,
    );
  }
  return { shape: withoutAxes(x.shape, axes), dtype: x.dtype };
}

/** Rows to reduce, one after another: the reduced axes moved last. */
export function rowsOf(
  x: RefArray,
  axes: readonly number[],
): { data: ArrayLike<number>; rows: number; length: number } {
  const kept = keptAxes(x.shape.length, axes);
  const length = sizeOf(axes.map((axis) => x.shape[axis]));
  return {
    data: readPermuted(x.data, x.dtype, x.shape, [...kept, ...axes]),
    rows: sizeOf(kept.map((axis) => x.shape[axis])),
    length,
  };
}

interface ReduceSpec {
  readonly name: ReduceOperation;
  readonly start: number;
  readonly combine: (dtype: DType) => (sum: number, x: number) => number;
  readonly nonEmpty: boolean;
  readonly laws?: readonly Law[];
  readonly tangent: (lax: Lax, x: Value, dx: Value, output: Value, axes: readonly number[]) => Tangent;
  readonly transpose?: Primitive['transpose'];
}

function reduction({ name, start, combine, nonEmpty, laws, tangent, transpose }: ReduceSpec): Primitive {
  const primitive: Primitive = {
    name,
    kind: 'reduce',
    laws,
    lowering: { as: 'reduce', operation: name, axes: ({ axes }: ReduceParams) => axes },
    shape: ([x], { axes }: ReduceParams) => [reducedAval(name, x, axes, nonEmpty)],
    jvp(lax, inputs, [dx], params: ReduceParams) {
      const [output] = bind(primitive, inputs, params);
      return { outputs: [output], tangents: [dx && tangent(lax, inputs[0], dx, output, params.axes)] };
    },
    transpose,
    batch: (_lax, _size, [x], _batched, { axes }: ReduceParams) => ({
      outputs: bind(primitive, [x], { axes: axes.map((axis) => axis + 1) }),
      batched: [true],
    }),
    evaluate([x], { axes }: ReduceParams, [output]) {
      const { data, rows, length } = rowsOf(x, axes);
      const out = refData(x.dtype, rows);
      const step = combine(x.dtype);
      for (let row = 0, at = 0; row < rows; row++) {
        let sum = start;
        for (let i = 0; i < length; i++) sum = step(sum, data[at++]);
        out[row] = sum;
      }
      return [refArray(output.shape, x.dtype, out)];
    },
  };
  return primitive;
}

/** `y` (without `axes`) repeated along them, to the shape that was reduced. */
const spread = (lax: Lax, y: Value, shape: Shape, axes: readonly number[]): Value =>
  lax.broadcastInDim(y, shape, keptAxes(shape.length, axes));

/** The mean of the tangents of all elements that equal the extreme. */
function alongWinners(lax: Lax, x: Value, dx: Value, output: Value, axes: readonly number[]): Tangent {
  const winners = lax.eq(x, spread(lax, output, x.shape, axes));
  const count = lax.reduceSum(lax.cast(winners, x.dtype), axes);
  return lax.div(lax.reduceSum(lax.select(winners, dx, 0), axes), count);
}

/**
 * The derivative of a product without dividing: halves are multiplied together until one element is left,
 * each step by the product rule, so that zeros among the factors do no harm.
 */
function alongProduct(lax: Lax, x: Value, dx: Value, _output: Value, axes: readonly number[]): Tangent {
  const kept = keptAxes(x.shape.length, axes);
  const rows = kept.map((axis) => x.shape[axis]);
  const length = sizeOf(axes.map((axis) => x.shape[axis]));
  const flat = (value: Value): Value => lax.reshape(lax.transpose(value, [...kept, ...axes]), [...rows, length]);
  const last = rows.length;
  const from = (value: Value, start: number, limit: number): Value =>
    lax.slice(value, [...rows.map(() => 0), start], [...rows, limit]);
  let [product, tangent] = [flat(x), flat(dx)];
  if (length === 0) return null;
  while (product.shape[last] > 1) {
    const half = product.shape[last] >> 1;
    const odd = product.shape[last] % 2 === 1;
    const [a, b, da, db] = [
      from(product, 0, half),
      from(product, half, 2 * half),
      from(tangent, 0, half),
      from(tangent, half, 2 * half),
    ];
    const joined = lax.mul(a, b);
    const moved = lax.add(lax.mul(da, b), lax.mul(a, db));
    const rest = (value: Value, made: Value): Value =>
      odd ? lax.concat([made, from(value, 2 * half, 2 * half + 1)], last) : made;
    [product, tangent] = [rest(product, joined), rest(tangent, moved)];
  }
  return lax.reshape(tangent, rows);
}

export const reduceSumPrimitive = reduction({
  name: 'reduceSum',
  laws: ['neverMinusZero'],
  start: 0,
  combine: () => (sum, x) => sum + x,
  nonEmpty: false,
  tangent: (lax, _x, dx, _output, axes) => lax.reduceSum(dx, axes),
  transpose: (lax, [ct], _inputs, _linear, { axes }: ReduceParams, [x]) => [ct && spread(lax, ct, x.shape, axes)],
});

export const reduceProdPrimitive = reduction({
  name: 'reduceProd',
  start: 1,
  combine: (dtype) => (isInteger(dtype) ? Math.imul : (product, x) => product * x),
  nonEmpty: false,
  tangent: alongProduct,
});

/** The largest element; NaN if there is one. Elements that tie share the derivative equally. */
export const reduceMaxPrimitive = reduction({
  name: 'reduceMax',
  start: -Infinity,
  combine: () => Math.max,
  nonEmpty: true,
  tangent: alongWinners,
});

/** The smallest element; NaN if there is one. Elements that tie share the derivative equally. */
export const reduceMinPrimitive = reduction({
  name: 'reduceMin',
  start: Infinity,
  combine: () => Math.min,
  nonEmpty: true,
  tangent: alongWinners,
});

const over =
  (primitive: Primitive) =>
  (x: Value, axes: readonly number[]): Value =>
    axes.length === 0 ? x : bind(primitive, [x], { axes: [...axes].sort((a, b) => a - b) })[0];

export const reduceSum = over(reduceSumPrimitive);
export const reduceProd = over(reduceProdPrimitive);
export const reduceMax = over(reduceMaxPrimitive);
export const reduceMin = over(reduceMinPrimitive);
