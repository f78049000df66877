import { ruleList } from '../optimize/rewrite.ts';
import { broadcastInDimPrimitive } from '../primitives/broadcast.ts';
import { concatPrimitive } from '../primitives/concat.ts';
import { type PadParams, padPrimitive } from '../primitives/pad.ts';
import { reshapePrimitive } from '../primitives/reshape.ts';
import { revPrimitive } from '../primitives/rev.ts';
import { slicePrimitive } from '../primitives/slice.ts';
import { transposePrimitive } from '../primitives/transpose.ts';
import { sameShape } from '../shape/shape.ts';
import { fill, uniformValue } from './elementwise.ts';

const { rules, addRewrite } = ruleList();

/** A view of one number everywhere is that number in another shape. */
addRewrite([reshapePrimitive, transposePrimitive, slicePrimitive, revPrimitive], (rewriter, [x], _params, [output]) => {
  const value = uniformValue(rewriter, x);
  return value === null ? null : [fill(rewriter, value, output)];
});

addRewrite([broadcastInDimPrimitive], (rewriter, [x], { shape, dims }, [output]) => {
  if (x.shape.length > 0 && sameShape(x.shape, shape)) return [x];
  if (x.shape.length === 0 && shape.length === 0) return [x];
  const definition = rewriter.definition(x);
  if (definition?.primitive === broadcastInDimPrimitive) {
    const inner: number[] = definition.params.dims;
    return [
      rewriter.emit(broadcastInDimPrimitive, definition.inputs, { shape, dims: inner.map((axis) => dims[axis]) }),
    ];
  }
  const value = x.shape.length > 0 ? uniformValue(rewriter, x) : null;
  return value === null ? null : [fill(rewriter, value, output)];
});

addRewrite([reshapePrimitive], (rewriter, [x], { shape }) => {
  if (sameShape(x.shape, shape)) return [x];
  const definition = rewriter.definition(x);
  if (definition?.primitive === reshapePrimitive)
    return [rewriter.emit(reshapePrimitive, definition.inputs, { shape })];
  // A reshape that only adds axes of extent 1 is a broadcast, which composes with the other views.
  const dims = onesAdded(x.shape, shape);
  return dims && x.shape.length > 0 ? [rewriter.emit(broadcastInDimPrimitive, [x], { shape, dims })] : null;
});

/** Where each axis of `from` stands in `to`, when `to` is `from` with axes of extent 1 added. */
function onesAdded(from: readonly number[], to: readonly number[]): number[] | null {
  if (to.length <= from.length) return null;
  const dims: number[] = [];
  let next = 0;
  to.forEach((extent, axis) => {
    const left = to.length - axis;
    if (next < from.length && extent === from[next] && (extent !== 1 || left === from.length - next)) {
      dims.push(axis);
      next++;
    } else if (extent !== 1) next = Number.POSITIVE_INFINITY;
  });
  return next === from.length ? dims : null;
}

addRewrite([transposePrimitive], (rewriter, [x], { permutation }) => {
  const order: number[] = permutation;
  if (order.every((axis, i) => axis === i)) return [x];
  const definition = rewriter.definition(x);
  if (definition?.primitive === transposePrimitive) {
    const inner: number[] = definition.params.permutation;
    return [rewriter.emit(transposePrimitive, definition.inputs, { permutation: order.map((axis) => inner[axis]) })];
  }
  return null;
});

addRewrite([slicePrimitive], (rewriter, [x], { start, limit, strides }) => {
  const whole = x.shape.every((extent, i) => start[i] === 0 && limit[i] === extent && (strides?.[i] ?? 1) === 1);
  if (whole) return [x];
  const definition = rewriter.definition(x);
  if (definition?.primitive !== concatPrimitive) return null;
  // A slice that lies within one part of a concatenation is a slice of that part.
  const { axis } = definition.params as { axis: number };
  let from = 0;
  for (const part of definition.inputs) {
    const to = from + part.shape[axis];
    if (start[axis] >= from && limit[axis] <= to) {
      const shift = (bounds: readonly number[]): number[] =>
        bounds.map((bound, i) => (i === axis ? bound - from : bound));
      return [rewriter.emit(slicePrimitive, [part], { start: shift(start), limit: shift(limit), strides })];
    }
    from = to;
  }
  return null;
});

addRewrite([padPrimitive], (rewriter, [x], { low, high, interior, value }: PadParams) => {
  const none = (list: readonly number[]): boolean => list.every((count) => count === 0);
  if (none(interior)) return none(low) && none(high) ? [x] : null;
  // Numbers between elements are numbers after each of them, but for the last: of x as columns of one, which are then laid in a row.
  const gaps = interior.map((count, axis) => (x.shape[axis] > 1 ? count : 0));
  const apart = x.shape.flatMap((extent) => [extent, 1]);
  const columns = rewriter.emit(reshapePrimitive, [x], { shape: apart });
  const filled = rewriter.emit(padPrimitive, [columns], {
    low: apart.map(() => 0),
    high: gaps.flatMap((count) => [0, count]),
    interior: apart.map(() => 0),
    value,
  });
  const spread = x.shape.map((extent, axis) => extent * (gaps[axis] + 1));
  const row = rewriter.emit(reshapePrimitive, [filled], { shape: spread });
  // What was filled in after the last element is a part of what comes after it, or too much.
  const over = gaps.map((count, axis) => Math.max(0, count - high[axis]));
  const limit = spread.map((extent, axis) => extent - over[axis]);
  const cut = none(over)
    ? row
    : rewriter.emit(slicePrimitive, [row], { start: limit.map(() => 0), limit, strides: limit.map(() => 1) });
  const after = high.map((count, axis) => count - gaps[axis] + over[axis]);
  const around = { low, high: after, interior: gaps.map(() => 0), value };
  return [none(low) && none(after) ? cut : rewriter.emit(padPrimitive, [cut], around)];
});

addRewrite([concatPrimitive], (_rewriter, inputs) => (inputs.length === 1 ? [inputs[0]] : null));

addRewrite([revPrimitive], (_rewriter, [x], { axes }) =>
  (axes as number[]).every((axis) => x.shape[axis] <= 1) ? [x] : null,
);

export const viewRewrites = rules;
