import { isInteger } from '../dtype/dtype.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import type { Lax, ScatterParams } from '../program/lax.ts';
import type { UpdateMode } from '../program/placing.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Tangent, Value } from '../program/value.ts';
import { sameShape, showShape, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { NUMBERS, repeatFirst } from './elementwise.ts';
import { chosenRow, chosenShape, overRows, rowsOf } from './gather.ts';
import { commonDType } from './operand.ts';

const MODES: readonly UpdateMode[] = ['add', 'set', 'mul', 'min', 'max'];

/** Which indices point at a row, repeated over the elements of the updates. */
function inRange(lax: Lax, indices: Value, count: number, updates: Value['shape']): Value {
  return overRows(lax, lax.and(lax.ge(indices, 0), lax.lt(indices, count)), updates);
}

/** For `set`: which updates are the last to write their row. */
function lastWriters(
  lax: Lax,
  indices: Value,
  operand: Value['shape'],
  updates: Value['shape'],
  batchDims: number,
): Value {
  const order = lax.reshape(lax.iota([sizeOf(indices.shape)], 0, 'i32'), indices.shape);
  const untouched = lax.full(operand.slice(0, batchDims + 1), -1, 'i32');
  const writers = lax.scatter(untouched, indices, order, { batchDims, mode: 'set' });
  return overRows(lax, lax.eq(lax.gather(writers, indices, batchDims), order), updates);
}

/**
 * `operand` with `updates` [B…, I…, R…] applied to the rows that `indices` name, in row-major order of the
 * indices: added, multiplied, written over (the last one stays), or the smaller or larger kept. An index
 * outside 0 … N - 1 is dropped.
 */
export const scatterPrimitive: Primitive = {
  name: 'scatter',
  kind: 'opaque',
  lowering: {
    as: 'update',
    values: 2,
    mode: ({ mode }: ScatterParams) => mode,
    batched: ({ batchDims }: ScatterParams) => batchDims > 0,
    clamps: false,
    choose: (coordinates, [operand, indices], { batchDims }: ScatterParams, rank) =>
      chosenRow(coordinates, operand.shape, indices.shape, batchDims, rank),
  },
  shape([operand, indices, updates], { batchDims, mode }: ScatterParams) {
    if (!MODES.includes(mode))
      throw new ArgumentError(`scatter: mode '${mode}' is unknown. Use one of ${MODES.join(', ')}.`);
    const dtype = commonDType(`scatter ${mode}`, [operand, updates], mode === 'set' ? undefined : NUMBERS);
    const expected = chosenShape('scatter', operand, indices, batchDims);
    if (!sameShape(updates.shape, expected)) {
      throw new ShapeError(
        `scatter: updates of shape ${showShape(updates.shape)} do not fit operand ${showShape(operand.shape)} and indices ${showShape(indices.shape)}. Expected ${showShape(expected)}.`,
      );
    }
    return [{ shape: operand.shape, dtype }];
  },
  jvp(lax, inputs, [dx, , du], params: ScatterParams) {
    const output = lax.scatter(inputs[0], inputs[1], inputs[2], params);
    return { outputs: [output], tangents: [along(lax, inputs, dx, du, output, params)] };
  },
  /** Only `add` and `set` are linear in operand and updates together. */
  transpose(lax, [ct], [, indices], linear, params: ScatterParams, [operand, , updates]) {
    if (!ct) return [null, null, null];
    const { batchDims, mode } = params;
    const count = operand.shape[batchDims];
    const toOperand = (): Value =>
      mode === 'add'
        ? ct
        : lax.scatter(ct, indices!, lax.zeros({ shape: updates.shape, dtype: ct.dtype }), { batchDims, mode: 'set' });
    const toUpdates = (): Value => {
      const reached = inRange(lax, indices!, count, updates.shape);
      const mask =
        mode === 'add'
          ? reached
          : lax.and(reached, lastWriters(lax, indices!, operand.shape, updates.shape, batchDims));
      return lax.select(mask, lax.gather(ct, indices!, batchDims), 0);
    };
    return [linear[0] ? toOperand() : null, null, linear[2] ? toUpdates() : null];
  },
  batch(lax, size, inputs, batched, { batchDims, mode }: ScatterParams) {
    const [operand, indices, updates] = inputs.map((input, i) => (batched[i] ? input : repeatFirst(lax, input, size)));
    return { outputs: [lax.scatter(operand, indices, updates, { batchDims: batchDims + 1, mode })], batched: [true] };
  },
  evaluate([operand, indices, updates], { batchDims, mode }: ScatterParams, [output]) {
    const { batches, count, chosen, width } = rowsOf(operand.shape, indices.shape, batchDims);
    const data = refData(output.dtype, operand.data.length);
    data.set(operand.data);
    const multiply = isInteger(output.dtype) ? Math.imul : (x: number, y: number): number => x * y;
    for (let b = 0, from = 0; b < batches; b++) {
      for (let i = 0; i < chosen; i++, from += width) {
        const row = indices.data[b * chosen + i];
        if (row < 0 || row >= count) continue;
        const to = (b * count + row) * width;
        for (let r = 0; r < width; r++) {
          const update = updates.data[from + r];
          const before = data[to + r];
          if (mode === 'add') data[to + r] = before + update;
          else if (mode === 'set') data[to + r] = update;
          else if (mode === 'mul') data[to + r] = multiply(before, update);
          else data[to + r] = mode === 'min' ? Math.min(before, update) : Math.max(before, update);
        }
      }
    }
    return [refArray(output.shape, output.dtype, data)];
  },
};

function along(
  lax: Lax,
  [operand, indices, updates]: readonly Value[],
  dx: Tangent,
  du: Tangent,
  output: Value,
  params: ScatterParams,
): Tangent {
  if (!dx && !du) return null;
  const { batchDims, mode } = params;
  const moved = dx ?? lax.zeros(operand);
  const scatterAdd = (into: Value, values: Value): Value =>
    lax.scatter(into, indices, values, { batchDims, mode: 'add' });
  switch (mode) {
    case 'add':
      return du ? scatterAdd(moved, du) : dx;
    case 'set':
      return lax.scatter(moved, indices, du ?? lax.zeros(updates), params);
    case 'mul':
      return alongProduct(lax, operand, indices, updates, dx, du, params);
    default: {
      // All elements that tie for the extreme share its derivative equally.
      const operandWins = lax.eq(operand, output);
      const updateWins = lax.eq(updates, lax.gather(output, indices, batchDims));
      const count = scatterAdd(lax.cast(operandWins, operand.dtype), lax.cast(updateWins, operand.dtype));
      const total = scatterAdd(
        dx ? lax.select(operandWins, dx, 0) : moved,
        du ? lax.select(updateWins, du, 0) : lax.zeros(updates),
      );
      return lax.div(total, count);
    }
  }
}

/**
 * The product rule over all factors of a row without dividing by a zero factor: with one zero factor only
 * that one moves the product, with two none does. Second derivatives are exact where no factor is zero.
 */
function alongProduct(
  lax: Lax,
  operand: Value,
  indices: Value,
  updates: Value,
  dx: Tangent,
  du: Tangent,
  { batchDims }: ScatterParams,
): Tangent {
  const isZero = (value: Value): Value => lax.eq(value, 0);
  const product = lax.scatter(
    lax.select(isZero(operand), 1, operand),
    indices,
    lax.select(isZero(updates), 1, updates),
    {
      batchDims,
      mode: 'mul',
    },
  );
  const zeroes = lax.scatter(
    lax.cast(isZero(operand), operand.dtype),
    indices,
    lax.cast(isZero(updates), operand.dtype),
    {
      batchDims,
      mode: 'add',
    },
  );
  const others = (factor: Value, whole: Value, count: Value): Value =>
    lax.select(
      isZero(factor),
      lax.select(lax.eq(count, 1), whole, 0),
      lax.select(isZero(count), lax.div(whole, factor), 0),
    );
  const fromOperand = dx && lax.mul(dx, others(operand, product, zeroes));
  if (!du) return fromOperand;
  const choose = (value: Value): Value => lax.gather(value, indices, batchDims);
  const fromUpdates = lax.mul(du, others(updates, choose(product), choose(zeroes)));
  return lax.scatter(fromOperand ?? lax.zeros(operand), indices, fromUpdates, { batchDims, mode: 'add' });
}

export const scatter = (operand: Value, indices: Value, updates: Value, { batchDims, mode }: ScatterParams): Value =>
  bind(scatterPrimitive, [operand, indices, updates], { batchDims, mode })[0];
