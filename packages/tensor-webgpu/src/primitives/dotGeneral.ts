import { isInteger, type TypedArray } from '../dtype/dtype.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import type { Aval } from '../program/aval.ts';
import type { DotAxes, Lax } from '../program/lax.ts';
import type { Primitive } from '../program/program.ts';
import { type RefArray, refArray, refData } from '../program/refArray.ts';
import type { Tangent, Value } from '../program/value.ts';
import { range, showShape, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { addTangents, NUMBERS } from './elementwise.ts';
import { commonDType } from './operand.ts';
import { readPermuted } from './strided.ts';
import { inversePermutation } from './transpose.ts';

/** The axes of one operand that are neither contracted nor batched, in order. */
export const freeAxes = (rank: number, contract: readonly number[], batch: readonly number[]): number[] =>
  range(0, rank).filter((axis) => !contract.includes(axis) && !batch.includes(axis));

function checkAxes(x: Aval, y: Aval, { contract, batch }: DotAxes): void {
  const shapes = `${showShape(x.shape)} and ${showShape(y.shape)}`;
  [x, y].forEach((operand, side) => {
    const axes = [...contract[side], ...batch[side]];
    const fits = axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < operand.shape.length);
    if (!fits || new Set(axes).size !== axes.length) {
      throw new ArgumentError(
        `dotGeneral: axes [${axes.join(', ')}] do not fit the ${side === 0 ? 'left' : 'right'} operand of shapes ${shapes}. Name distinct axes of it.`,
      );
    }
  });
  for (const [left, right] of [contract, batch]) {
    if (left.length !== right.length || left.some((axis, i) => x.shape[axis] !== y.shape[right[i]])) {
      throw new ShapeError(
        `dotGeneral: axes [${left.join(', ')}] of the left and [${right.join(', ')}] of the right operand of shapes ${shapes} do not pair up. Paired axes must have equal extents.`,
      );
    }
  }
}

/**
 * Sum of products over paired axes. The output has the batch axes (in the order given), then the free axes
 * of the left, then those of the right operand:
 * `out[b, m, n] = sum_k x[b, m, k] y[b, n, k]`.
 */
export const dotGeneralPrimitive: Primitive = {
  name: 'dotGeneral',
  kind: 'contraction',
  lowering: { as: 'contraction' },
  shape([x, y], axes: DotAxes) {
    const dtype = commonDType('dotGeneral', [x, y], NUMBERS);
    checkAxes(x, y, axes);
    const { contract, batch } = axes;
    const free = (operand: Aval, side: 0 | 1): number[] =>
      freeAxes(operand.shape.length, contract[side], batch[side]).map((axis) => operand.shape[axis]);
    return [{ shape: [...batch[0].map((axis) => x.shape[axis]), ...free(x, 0), ...free(y, 1)], dtype }];
  },
  jvp: (lax, [x, y], [dx, dy], axes: DotAxes) => ({
    outputs: [lax.dotGeneral(x, y, axes)],
    tangents: [addTangents(lax, dx && lax.dotGeneral(dx, y, axes), dy && lax.dotGeneral(x, dy, axes))],
  }),
  transpose: (lax, [ct], [x, y], linear, axes: DotAxes, [xAval, yAval]) => [
    linear[0] && ct ? leftCotangent(lax, ct, y!, xAval, axes) : null,
    linear[1] && ct ? rightCotangent(lax, ct, x!, yAval, axes) : null,
  ],
  batch(lax, _size, [x, y], batched, { contract, batch }: DotAxes) {
    const later = (axes: readonly number[], side: number): number[] =>
      axes.map((axis) => axis + (batched[side] ? 1 : 0));
    const contracted = [later(contract[0], 0), later(contract[1], 1)] as const;
    const own = [later(batch[0], 0), later(batch[1], 1)] as const;
    if (batched[0] && batched[1]) {
      const output = lax.dotGeneral(x, y, {
        contract: contracted,
        batch: [
          [0, ...own[0]],
          [0, ...own[1]],
        ],
      });
      return { outputs: [output], batched: [true] };
    }
    // The mapped axis is the first free axis of its operand; a view moves it to the front.
    const output = lax.dotGeneral(x, y, { contract: contracted, batch: own });
    const at = batch[0].length + (batched[0] ? 0 : freeAxes(x.shape.length, contract[0], batch[0]).length);
    const others = range(0, output.shape.length).filter((axis) => axis !== at);
    return { outputs: [lax.transpose(output, [at, ...others])], batched: [true] };
  },
  evaluate: ([x, y], axes: DotAxes, [output]) => [evaluateDot(x, y, axes, output)],
};

/** `ct` is [batch, left free, right free]; the result has the left operand's layout. */
function leftCotangent(lax: Lax, ct: Value, y: Value, x: Aval, { contract, batch }: DotAxes): Tangent {
  const count = batch[0].length;
  const rightFree = freeAxes(y.shape.length, contract[1], batch[1]);
  const leftFree = freeAxes(x.shape.length, contract[0], batch[0]);
  const made = lax.dotGeneral(ct, y, {
    contract: [rightFree.map((_, i) => count + leftFree.length + i), rightFree],
    batch: [range(0, count), batch[1]],
  });
  return lax.transpose(made, inversePermutation([...batch[0], ...leftFree, ...partners(contract[1], contract[0])]));
}

function rightCotangent(lax: Lax, ct: Value, x: Value, y: Aval, { contract, batch }: DotAxes): Tangent {
  const count = batch[0].length;
  const rightFree = freeAxes(y.shape.length, contract[1], batch[1]);
  const leftFree = freeAxes(x.shape.length, contract[0], batch[0]);
  const made = lax.dotGeneral(x, ct, {
    contract: [leftFree, leftFree.map((_, i) => count + i)],
    batch: [batch[0], range(0, count)],
  });
  return lax.transpose(made, inversePermutation([...batch[1], ...partners(contract[0], contract[1]), ...rightFree]));
}

/** The axes of `theirs` paired with those of `ours`, in increasing order of `ours`. */
const partners = (ours: readonly number[], theirs: readonly number[]): number[] =>
  range(0, ours.length)
    .sort((i, j) => ours[i] - ours[j])
    .map((i) => theirs[i]);

function evaluateDot(x: RefArray, y: RefArray, { contract, batch }: DotAxes, output: Aval): RefArray {
  const leftFree = freeAxes(x.shape.length, contract[0], batch[0]);
  const rightFree = freeAxes(y.shape.length, contract[1], batch[1]);
  const extent = (operand: RefArray, axes: readonly number[]): number =>
    sizeOf(axes.map((axis) => operand.shape[axis]));
  const [batches, m, k, n] = [extent(x, batch[0]), extent(x, leftFree), extent(x, contract[0]), extent(y, rightFree)];
  const left = readPermuted(x.data, x.dtype, x.shape, [...batch[0], ...leftFree, ...contract[0]]);
  const right = readPermuted(y.data, y.dtype, y.shape, [...batch[1], ...contract[1], ...rightFree]);
  const out = refData(output.dtype, batches * m * n);
  const multiply = isInteger(output.dtype) ? multiplyIntegers : multiplyFloats;
  for (let b = 0; b < batches; b++) {
    multiply(
      left.subarray(b * m * k, (b + 1) * m * k),
      right.subarray(b * k * n, (b + 1) * k * n),
      out.subarray(b * m * n, (b + 1) * m * n),
      m,
      k,
      n,
    );
  }
  return refArray(output.shape, output.dtype, out);
}

/** `out[m, n] += left[m, k] right[k, n]`, row by row. */
function multiplyFloats(left: TypedArray, right: TypedArray, out: TypedArray, m: number, k: number, n: number): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < k; j++) {
      const factor = left[i * k + j];
      for (let c = 0, from = j * n, to = i * n; c < n; c++) out[to++] += factor * right[from++];
    }
  }
}

function multiplyIntegers(left: TypedArray, right: TypedArray, out: TypedArray, m: number, k: number, n: number): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < k; j++) {
      const factor = left[i * k + j];
      for (let c = 0, from = j * n, to = i * n; c < n; c++) out[to++] += Math.imul(factor, right[from++]);
    }
  }
}

export const dotGeneral = (x: Value, y: Value, { contract, batch }: DotAxes): Value =>
  bind(dotGeneralPrimitive, [x, y], {
    contract: [[...contract[0]], [...contract[1]]],
    batch: [[...batch[0]], [...batch[1]]],
  })[0];
