import { ArgumentError, DTypeError, ShapeError } from '../errors/errors.ts';
import { type Aval, Literal } from '../program/aval.ts';
import type { Lax } from '../program/lax.ts';
import type { Choice } from '../program/placing.ts';
import type { Primitive } from '../program/program.ts';
import { type RefArray, refArray, refData } from '../program/refArray.ts';
import type { Operand, Value } from '../program/value.ts';
import type { Affine } from '../shape/affine.ts';
import { rowMajorStrides, type Shape, showShape, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { literalValue } from '../trace/value.ts';
import { repeatFirst } from './elementwise.ts';
import { asValues, commonDType } from './operand.ts';
import { copyStrided, readStrided } from './strided.ts';

interface DynamicSliceParams {
  readonly sizes: Shape;
}

function checkWindow(name: string, operand: Aval, sizes: Shape, starts: readonly Aval[]): void {
  const fits =
    sizes.length === operand.shape.length &&
    sizes.every((size, i) => Number.isInteger(size) && size >= 0 && size <= operand.shape[i]);
  if (!fits) {
    throw new ShapeError(
      `${name}: a window of ${showShape(sizes)} does not fit in shape ${showShape(operand.shape)}. Give one extent per axis, at most the operand's.`,
    );
  }
  if (starts.length !== operand.shape.length || starts.some((start) => start.shape.length !== 0)) {
    throw new ArgumentError(
      `${name}: got ${starts.length} starts for shape ${showShape(operand.shape)}. Give one scalar per axis.`,
    );
  }
  const bad = starts.find((start) => start.dtype !== 'i32');
  if (bad) throw new DTypeError(`${name}: a start has dtype ${bad.dtype}; expected i32. Cast it first.`);
}

/** The window as strides, its starts moved so that it lies within the operand. */
function windowAt(
  shape: Shape,
  sizes: Shape,
  starts: readonly RefArray[],
): { shape: Shape; strides: number[]; offset: number } {
  const strides = rowMajorStrides(shape);
  const offset = starts.reduce(
    (sum, start, i) => sum + strides[i] * Math.min(Math.max(start.data[0], 0), shape[i] - sizes[i]),
    0,
  );
  return { shape: sizes, strides, offset };
}

/** Positions [size, …sizes] in the flattened operand of windows whose starts are batched. */
function windowPositions(
  lax: Lax,
  size: number,
  shape: Shape,
  sizes: Shape,
  starts: readonly Value[],
  batched: readonly boolean[],
): Value {
  const strides = rowMajorStrides(shape);
  const whole = [size, ...sizes];
  let positions: Value = lax.full(whole, 0, 'i32');
  starts.forEach((start, axis) => {
    const clamped = lax.min(lax.max(start, 0), shape[axis] - sizes[axis]);
    const along = lax.add(
      lax.broadcastInDim(clamped, whole, batched[axis] ? [0] : []),
      lax.iota(whole, axis + 1, 'i32'),
    );
    positions = lax.add(positions, lax.mul(along, strides[axis]));
  });
  return positions;
}

/** The place in the operand of a window's element: its coordinates, moved by the starts, the first of which is operand `first`. */
const cornered = (coordinates: readonly Affine[], shape: Shape, sizes: Shape, first: number): Choice => ({
  coordinates,
  chosen: shape.flatMap((extent, axis) =>
    extent > sizes[axis] ? [{ axis, input: first + axis, at: [], limit: extent - sizes[axis] }] : [],
  ),
});

const zeroStart = (): Value => literalValue(new Literal(0, 'i32'));

/** A window of `sizes` whose corner is given by scalar operands, moved so that it lies within the operand. */
export const dynamicSlicePrimitive: Primitive = {
  name: 'dynamicSlice',
  kind: 'opaque',
  lowering: {
    as: 'lookup',
    choose: (coordinates, [operand], { sizes }: DynamicSliceParams) => cornered(coordinates, operand.shape, sizes, 1),
  },
  shape([operand, ...starts], { sizes }: DynamicSliceParams) {
    checkWindow('dynamicSlice', operand, sizes, starts);
    return [{ shape: sizes, dtype: operand.dtype }];
  },
  jvp: (lax, [operand, ...starts], [dx], { sizes }: DynamicSliceParams) => ({
    outputs: [lax.dynamicSlice(operand, starts, sizes)],
    tangents: [dx && lax.dynamicSlice(dx, starts, sizes)],
  }),
  transpose: (lax, [ct], [, ...starts], _linear, _params, [operand]) => [
    ct && lax.dynamicUpdateSlice(lax.zeros(operand), ct, starts as Value[]),
    ...starts.map(() => null),
  ],
  batch(lax, size, [operand, ...starts], [moved, ...movedStarts], { sizes }: DynamicSliceParams) {
    if (!movedStarts.includes(true)) {
      return { outputs: [lax.dynamicSlice(operand, [zeroStart(), ...starts], [size, ...sizes])], batched: [true] };
    }
    const shape = moved ? operand.shape.slice(1) : operand.shape;
    const positions = windowPositions(lax, size, shape, sizes, starts, movedStarts);
    const flat = lax.reshape(operand, moved ? [size, sizeOf(shape)] : [sizeOf(shape)]);
    return { outputs: [lax.gather(flat, positions, moved ? 1 : 0)], batched: [true] };
  },
  evaluate([operand, ...starts], { sizes }: DynamicSliceParams) {
    return [
      refArray(sizes, operand.dtype, readStrided(operand.data, operand.dtype, windowAt(operand.shape, sizes, starts))),
    ];
  },
};

/** `operand` with the window at the given corner replaced by `update`; the corner is moved so that it fits. */
export const dynamicUpdateSlicePrimitive: Primitive = {
  name: 'dynamicUpdateSlice',
  kind: 'opaque',
  lowering: {
    as: 'update',
    values: 1,
    mode: () => 'set',
    batched: () => false,
    clamps: true,
    choose: (coordinates, [operand, update]) => cornered(coordinates, operand.shape, update.shape, 2),
  },
  shape([operand, update, ...starts]) {
    const dtype = commonDType('dynamicUpdateSlice', [operand, update]);
    checkWindow('dynamicUpdateSlice', operand, update.shape, starts);
    return [{ shape: operand.shape, dtype }];
  },
  jvp: (lax, [operand, update, ...starts], [dx, du]) => ({
    outputs: [lax.dynamicUpdateSlice(operand, update, starts)],
    tangents: [dx || du ? lax.dynamicUpdateSlice(dx ?? lax.zeros(operand), du ?? lax.zeros(update), starts) : null],
  }),
  transpose(lax, [ct], [, , ...given], linear, _params, [, update]) {
    const starts = given as Value[];
    return [
      linear[0] && ct ? lax.dynamicUpdateSlice(ct, lax.zeros(update), starts) : null,
      linear[1] && ct ? lax.dynamicSlice(ct, starts, update.shape) : null,
      ...starts.map(() => null),
    ];
  },
  batch(lax, size, [operand, update, ...starts], [movedOperand, movedUpdate, ...movedStarts]) {
    const whole = movedOperand ? operand : repeatFirst(lax, operand, size);
    const window = movedUpdate ? update : repeatFirst(lax, update, size);
    if (!movedStarts.includes(true)) {
      return { outputs: [lax.dynamicUpdateSlice(whole, window, [zeroStart(), ...starts])], batched: [true] };
    }
    const shape = whole.shape.slice(1);
    const positions = windowPositions(lax, size, shape, window.shape.slice(1), starts, movedStarts);
    const flat = lax.scatter(lax.reshape(whole, [size, sizeOf(shape)]), positions, window, {
      batchDims: 1,
      mode: 'set',
    });
    return { outputs: [lax.reshape(flat, whole.shape)], batched: [true] };
  },
  evaluate([operand, update, ...starts], _params, [output]) {
    const data = refData(output.dtype, operand.data.length);
    data.set(operand.data);
    writeWindow(data, update, windowAt(operand.shape, update.shape, starts));
    return [refArray(output.shape, output.dtype, data)];
  },
};

/** Writes a dense window through its strides. */
function writeWindow(
  data: RefArray['data'],
  update: RefArray,
  window: { shape: Shape; strides: number[]; offset: number },
): void {
  // Reading positions through the same strides gives where each element goes.
  const positions = new Int32Array(data.length);
  for (let i = 0; i < positions.length; i++) positions[i] = i;
  const targets = copyStrided(positions, window, new Int32Array(update.data.length));
  for (let i = 0; i < targets.length; i++) data[targets[i]] = update.data[i];
}

export const dynamicSlice = (x: Value, starts: readonly Operand[], sizes: Shape): Value =>
  bind(dynamicSlicePrimitive, [x, ...asValues(starts, 'i32')], { sizes: [...sizes] })[0];

export const dynamicUpdateSlice = (x: Value, update: Value, starts: readonly Operand[]): Value =>
  bind(dynamicUpdateSlicePrimitive, [x, update, ...asValues(starts, 'i32')], {})[0];
