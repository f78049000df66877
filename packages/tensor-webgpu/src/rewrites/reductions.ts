import { type DType, isFloat } from '../dtype/dtype.ts';
import { type Rewriter, ruleList } from '../optimize/rewrite.ts';
import { addPrimitive, mulPrimitive, negPrimitive } from '../primitives/arithmetic.ts';
import { broadcastInDimPrimitive } from '../primitives/broadcast.ts';
import { dotGeneralPrimitive, freeAxes } from '../primitives/dotGeneral.ts';
import {
  reduceMaxPrimitive,
  reduceMinPrimitive,
  reduceProdPrimitive,
  reduceSumPrimitive,
} from '../primitives/reduce.ts';
import { reshapePrimitive } from '../primitives/reshape.ts';
import { slicePrimitive } from '../primitives/slice.ts';
import { transposePrimitive } from '../primitives/transpose.ts';
import { type Atom, Literal } from '../program/aval.ts';
import { range, sizeOf } from '../shape/shape.ts';
import { fill, uniformValue } from './elementwise.ts';

const { rules, addRewrite } = ruleList();

addRewrite([reduceMaxPrimitive, reduceMinPrimitive, reduceProdPrimitive], (_rewriter, [x], { axes }) =>
  axes.length === 0 ? [x] : null,
);

addRewrite([reduceSumPrimitive], (rewriter, [x], { axes }) => (axes.length === 0 ? [fromZero(rewriter, x)] : null));

/** Axes of one step need no reduction. */
addRewrite(
  [reduceSumPrimitive, reduceMaxPrimitive, reduceMinPrimitive, reduceProdPrimitive],
  (rewriter, [x], { axes }, _outputs, primitive) => {
    const reduced: readonly number[] = axes;
    const ones = reduced.filter((axis) => x.shape[axis] === 1);
    if (ones.length === 0) return null;
    const shape = x.shape.filter((_, axis) => !ones.includes(axis));
    const flat = rewriter.emit(reshapePrimitive, [x], { shape });
    if (ones.length === reduced.length) return [primitive === reduceSumPrimitive ? fromZero(rewriter, flat) : flat];
    const rest = reduced
      .filter((axis) => !ones.includes(axis))
      .map((axis) => axis - ones.filter((one) => one < axis).length);
    return [rewriter.emit(primitive, [flat], { axes: rest })];
  },
);

/** Sums of nothing, and results without elements, need no work. */
addRewrite([reduceSumPrimitive, dotGeneralPrimitive], (rewriter, inputs, _params, [output]) =>
  sizeOf(output.shape) === 0 || inputs.some((atom) => sizeOf(atom.shape) === 0) ? [fill(rewriter, 0, output)] : null,
);

addRewrite([reduceSumPrimitive], (rewriter, [x], { axes }, [output]) => {
  const reduced: number[] = axes;
  const definition = rewriter.definition(x);
  if (!definition) return null;
  const [inner] = definition.inputs;
  if (definition.primitive === reduceSumPrimitive) {
    // The inner axes are numbered in the inner operand; the outer ones skip them.
    const gone: number[] = definition.params.axes;
    const kept = range(0, inner.shape.length).filter((axis) => !gone.includes(axis));
    const all = [...gone, ...reduced.map((axis) => kept[axis])].sort((a, b) => a - b);
    return [rewriter.emit(reduceSumPrimitive, [inner], { axes: all })];
  }
  if (definition.primitive === negPrimitive) return null;
  if (definition.primitive !== broadcastInDimPrimitive) return null;
  // A sum over an axis that was only repeated is a multiplication.
  const dims: number[] = definition.params.dims;
  const repeated = reduced.filter((axis) => !dims.includes(axis) || inner.shape[dims.indexOf(axis)] === 1);
  if (repeated.length === 0 || !isFloat(output.dtype)) return null;
  const count = sizeOf(repeated.map((axis) => x.shape[axis]));
  const value = uniformValue(rewriter, inner);
  if (value !== null && isExactSum(value, sizeOf(reduced.map((axis) => x.shape[axis])), output.dtype))
    return [fill(rewriter, 0 + value * sizeOf(reduced.map((axis) => x.shape[axis])), output)];
  const innerReduced = reduced.filter((axis) => dims.includes(axis)).map((axis) => dims.indexOf(axis));
  const sum = innerReduced.length > 0 ? rewriter.emit(reduceSumPrimitive, [inner], { axes: innerReduced }) : inner;
  const outAxes = range(0, x.shape.length).filter((axis) => !reduced.includes(axis));
  const outDims = dims.filter((axis) => !reduced.includes(axis)).map((axis) => outAxes.indexOf(axis));
  const scaled = count === 1 ? sum : rewriter.emit(mulPrimitive, [sum, new Literal(count, output.dtype)], {});
  return [
    rewriter.emit(broadcastInDimPrimitive, [fromZero(rewriter, scaled)], { shape: [...output.shape], dims: outDims }),
  ];
});

/** A sum begins with 0, so that it is never -0: 0 + x for the x that is the whole sum. */
const fromZero = (rewriter: Rewriter, x: Atom): Atom =>
  isFloat(x.dtype) ? rewriter.emit(addPrimitive, [x, new Literal(0, x.dtype)], {}) : x;

/** Whether every order of adding `count` times `value` gives their product to the last bit. */
const isExactSum = (value: number, count: number, dtype: DType): boolean =>
  !Number.isFinite(value) ||
  (Number.isInteger(value) && Math.abs(value) * count <= (dtype === 'f32' ? 2 ** 24 : 2 ** 53));

interface DotParams {
  readonly contract: readonly [readonly number[], readonly number[]];
  readonly batch: readonly [readonly number[], readonly number[]];
}

/** An operand of a contraction laid out for an elementwise product: its contracted (extent 1) axes dropped, the others placed. */
function placed(
  rewriter: Rewriter,
  operand: Atom,
  order: readonly number[],
  dims: readonly number[],
  shape: readonly number[],
): Atom {
  const dropped = range(0, operand.shape.length).filter((axis) => !order.includes(axis));
  const permutation = [...order, ...dropped];
  const sorted = permutation.every((axis, i) => axis === i)
    ? operand
    : rewriter.emit(transposePrimitive, [operand], { permutation });
  const kept = order.map((axis) => operand.shape[axis]);
  const flat = dropped.length === 0 ? sorted : rewriter.emit(reshapePrimitive, [sorted], { shape: kept });
  return rewriter.emit(broadcastInDimPrimitive, [flat], { shape: [...shape], dims: [...dims] });
}

/** A contraction over a single term is an outer product, and joins elementwise kernels as such. */
addRewrite([dotGeneralPrimitive], (rewriter, [x, y], { contract, batch }: DotParams, [output]) => {
  if (sizeOf(contract[0].map((axis) => x.shape[axis])) !== 1) return null;
  const count = batch[0].length;
  const left = freeAxes(x.shape.length, contract[0], batch[0]);
  const right = freeAxes(y.shape.length, contract[1], batch[1]);
  const lhs = placed(rewriter, x, [...batch[0], ...left], range(0, count + left.length), output.shape);
  const rhsDims = [...range(0, count), ...range(count + left.length, count + left.length + right.length)];
  const rhs = placed(rewriter, y, [...batch[1], ...right], rhsDims, output.shape);
  return [fromZero(rewriter, rewriter.emit(mulPrimitive, [lhs, rhs], {}))];
});

/** A contraction with one number everywhere is a sum of the other operand times that number. */
addRewrite([dotGeneralPrimitive], (rewriter, [x, y], { contract, batch }: DotParams, [output]) => {
  if (batch[0].length > 0 || !isFloat(output.dtype)) return null;
  for (const side of [0, 1] as const) {
    const value = uniformValue(rewriter, side === 0 ? x : y);
    if (value === null) continue;
    const other = side === 0 ? y : x;
    const axes = [...contract[1 - side]].sort((a, b) => a - b);
    // Each term is multiplied before it is added: the sum alone may be infinite where the terms are not.
    const terms = value === 1 ? other : rewriter.emit(mulPrimitive, [other, new Literal(value, output.dtype)], {});
    const sum = rewriter.emit(reduceSumPrimitive, [terms], { axes });
    const rank = output.shape.length;
    const dims = side === 0 ? range(rank - sum.shape.length, rank) : range(0, sum.shape.length);
    return [rewriter.emit(broadcastInDimPrimitive, [sum], { shape: [...output.shape], dims })];
  }
  return null;
});

/** A transposed product is the product of the operands in the other order. */
addRewrite([transposePrimitive], (rewriter, [x], { permutation }) => {
  const definition = rewriter.definition(x);
  if (definition?.primitive !== dotGeneralPrimitive || rewriter.uses(x) !== 1) return null;
  const { contract, batch } = definition.params as DotParams;
  const [lhs, rhs] = definition.inputs;
  const count = batch[0].length;
  const left = freeAxes(lhs.shape.length, contract[0], batch[0]).length;
  const rank = x.shape.length;
  const swapped = [...range(0, count), ...range(count + left, rank), ...range(count, count + left)];
  if (left === 0 || count + left === rank || !(permutation as number[]).every((axis, i) => axis === swapped[i]))
    return null;
  return [
    rewriter.emit(dotGeneralPrimitive, [rhs, lhs], {
      contract: [contract[1], contract[0]],
      batch: [batch[1], batch[0]],
    }),
  ];
});

/** Free rows and columns from which on a product has one order of summing, whatever their number. */
const BLOCKED = 32;

/** Part of a product of which nothing else is read is the product of parts: a gradient of what was concatenated with data. */
addRewrite([slicePrimitive], (rewriter, [x], { start, limit, strides }, [output]) => {
  const definition = rewriter.definition(x);
  if (definition?.primitive !== dotGeneralPrimitive || rewriter.uses(x) !== 1) return null;
  if ((strides as readonly number[] | undefined)?.some((stride) => stride !== 1)) return null;
  const { contract, batch } = definition.params as DotParams;
  const count = batch[0].length;
  const [left, right] = definition.inputs.map(({ shape }, side) => freeAxes(shape.length, contract[side], batch[side]));
  const rows = sizeOf(output.shape.slice(count, count + left.length));
  const columns = sizeOf(output.shape.slice(count + left.length));
  if (rows < BLOCKED || columns < BLOCKED) return null;
  const parts = definition.inputs.map((operand, side) => {
    const axes = side === 0 ? left : right;
    const offset = side === 0 ? count : count + left.length;
    const bounds = (of: readonly number[], whole: readonly number[]): number[] =>
      whole.map((bound, axis) => {
        const place = axes.includes(axis) ? offset + axes.indexOf(axis) : batch[side].indexOf(axis);
        return place < 0 ? bound : of[place];
      });
    const from = bounds(
      start,
      operand.shape.map(() => 0),
    );
    const to = bounds(limit, operand.shape);
    const part = { start: from, limit: to, strides: from.map(() => 1) };
    return from.every((bound, axis) => bound === 0 && to[axis] === operand.shape[axis])
      ? operand
      : rewriter.emit(slicePrimitive, [operand], part);
  });
  return [rewriter.emit(dotGeneralPrimitive, parts, definition.params)];
});

export const reductionRewrites = rules;
