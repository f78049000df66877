import {
  checkDType,
  checkFits,
  type DType,
  fits,
  hostArray,
  isFloat,
  type TypedArray,
  toDType,
} from '../dtype/dtype.ts';
import { checkedOptions, checkedWhole, checkNumber, describe } from '../errors/checks.ts';
import { ArgumentError, DeviceError, DTypeError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Device, Storage } from '../runtime/device.ts';
import { executeProgram } from '../runtime/execute.ts';
import { defaultDevice, deviceNamed } from '../runtime/registry.ts';
import { upload } from '../runtime/transfer.ts';
import { checkShape, type Shape, sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { CreateOptions, TensorLike } from '../tensor/types.ts';
import { currentBuilder, traceProgram } from '../trace/builder.ts';
import { isValue, placeOf, storedValue } from '../trace/value.ts';
import { composite } from './composite.ts';
import { diagonalOffset } from './diagonalOffset.ts';

/** The named device; without a name that of the program being traced, or the default one. */
const chosenDevice = (name: string | undefined): Device =>
  name === undefined ? (currentBuilder()?.device ?? defaultDevice()) : deviceNamed(name);

/** Fills larger than this are made on the device, without a copy on the host. */
const HOST_FILL = 1 << 16;

/** The device for a new tensor. Throws `DeviceError` when it does not have the dtype. */
function deviceFor(dtype: DType, deviceName: string | undefined): Device {
  const device = chosenDevice(deviceName);
  if (!device.dtypes.includes(dtype)) {
    throw new DeviceError(
      `Device ${device.name} has no ${dtype}; it has ${device.dtypes.join(', ')}. Choose one of these with {dtype}, or another device.`,
    );
  }
  return device;
}

/** Takes over `shape`, which nobody can write to from then on. */
const stored = (storage: Storage, shape: Shape, dtype: DType): Tensor =>
  storedValue({ shape: Object.freeze(shape), dtype }, storage) as Tensor;

/** Puts host data on a device. */
const put = (data: TypedArray, shape: Shape, dtype: DType, deviceName: string | undefined): Tensor =>
  stored(upload(deviceFor(dtype, deviceName), data, dtype), shape, dtype);

const isTypedArray = (data: unknown): data is TypedArray => ArrayBuffer.isView(data) && !(data instanceof DataView);

const isLong = (data: unknown): data is BigInt64Array | BigUint64Array =>
  data instanceof BigInt64Array || data instanceof BigUint64Array;

/** 64-bit integers as numbers, for f32 or f64 rounded; where `dtype` is another one they must fit 32 bits. */
function narrowed(data: BigInt64Array | BigUint64Array, dtype: DType = 'i32'): TypedArray {
  const numbers = Float64Array.from(data as BigInt64Array, Number);
  if (dtype === 'f32' || dtype === 'f64' || dtype === 'bool') return numbers;
  const [least, largest] = dtype === 'u32' ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  const at = numbers.findIndex((value) => value < least || value > largest);
  if (at >= 0)
    throw new DTypeError(
      `tensor: expected 64-bit integers that fit ${dtype}, got ${data[at]} at element ${at}. Give {dtype: 'f64'}, or 'u32' up to 2^32 - 1.`,
    );
  return dtype === 'u32' ? Uint32Array.from(numbers) : Int32Array.from(numbers);
}

function typedArrayDType(data: TypedArray): DType {
  if (data instanceof Float32Array) return 'f32';
  if (data instanceof Float64Array) return 'f64';
  if (data instanceof Int32Array || data instanceof Int16Array || data instanceof Int8Array) return 'i32';
  if (data instanceof Uint32Array || data instanceof Uint16Array) return 'u32';
  if ((data as object).constructor.name === 'Float16Array') return 'f32';
  // Bytes are numbers (pixels, labels); booleans are asked for with {dtype: 'bool'}.
  if (data instanceof Uint8Array || (data as unknown) instanceof Uint8ClampedArray) return 'i32';
  throw new DTypeError(
    `tensor: ${Object.getPrototypeOf(data)?.constructor?.name ?? 'this array'} has no matching dtype. Use a Float32Array, Float64Array, Int32Array or Uint32Array.`,
  );
}

/** Extents of nested arrays, read down the first elements. */
function nestedShape(data: unknown): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  return shape;
}

/** Leaves of nested arrays in order; throws `ShapeError` where the nesting is ragged. */
function flattenNested(data: unknown, shape: Shape): (number | boolean)[] {
  const leaves: (number | boolean)[] = [];
  const walk = (item: unknown, depth: number, path: string): void => {
    if (depth < shape.length) {
      if (!Array.isArray(item) || item.length !== shape[depth]) {
        const given = Array.isArray(item) ? `${item.length} entries` : String(item);
        throw new ShapeError(
          `tensor: ragged nested array: expected ${shape[depth]} entries at data${path}, got ${given}. Make all rows equally long.`,
        );
      }
      item.forEach((child, i) => walk(child, depth + 1, `${path}[${i}]`));
    } else if (typeof item === 'number' || typeof item === 'boolean') {
      leaves.push(item);
    } else {
      const given = Array.isArray(item) ? `an array of ${item.length}` : describe(item);
      const remedy = Array.isArray(item)
        ? 'Make all rows equally deep.'
        : isValue(item)
          ? 'Join tensors with stack or concat.'
          : 'Give plain numbers or booleans.';
      throw new ShapeError(`tensor: expected a number or boolean at data${path}, got ${given}. ${remedy}`);
    }
  };
  walk(data, 0, '');
  return leaves;
}

export interface TensorOptions extends CreateOptions {
  /** The shape of flat data; needed for typed arrays of rank other than 1. */
  readonly shape?: Shape;
}

/**
 * A tensor of the given data, copied. Numbers become f32, booleans bool; typed arrays keep their type
 * (Float32Array f32, Float64Array f64, Int32Array i32, Uint32Array u32; smaller integers widen to 32 bits, and 64-bit ones
 * become i32 where they fit).
 * A tensor given as data is copied, converted to `dtype` and moved to `device`.
 * @throws ShapeError for ragged arrays or a `shape` of another size; DTypeError for a number that an integer `dtype` has
 *   no room for; DeviceError for a dtype the device lacks.
 */
export function tensor(data: TensorLike | BigInt64Array | BigUint64Array, options: TensorOptions = {}): Tensor {
  checkedOptions('tensor', options, ['dtype', 'device', 'shape']);
  if (options.dtype !== undefined) checkDType('tensor', options.dtype);
  if (isValue(data)) {
    let result = data as Tensor;
    if (options.dtype !== undefined && options.dtype !== data.dtype) result = lax.cast(result, options.dtype) as Tensor;
    if (options.shape !== undefined)
      result = lax.reshape(result, checkedShape(options.shape, sizeOf(data.shape))) as Tensor;
    if (options.device !== undefined) result = result.to(options.device);
    // Without a change it is a copy, whose disposal leaves the tensor that was given alone.
    return result === data ? composite('tensor', () => result) : result;
  }
  if (isLong(data)) return tensor(narrowed(data, options.dtype), { ...options, shape: options.shape ?? [data.length] });
  if (isTypedArray(data)) {
    const natural = typedArrayDType(data);
    const dtype = options.dtype ?? natural;
    const copy = hostArray(dtype, data.length);
    if (copy.constructor === data.constructor) copy.set(data);
    else {
      // Integers keep their 32 bits, as in astype; a float that does not fit has no bits to keep.
      const rounds = data instanceof Float32Array || data instanceof Float64Array;
      for (let i = 0; i < copy.length; i++)
        copy[i] = toDType(dtype, rounds ? checkFits('tensor', dtype, data[i]) : data[i]);
    }
    return put(copy, checkedShape(options.shape ?? [data.length], data.length), dtype, options.device);
  }
  const nested = nestedShape(data);
  const leaves = flattenNested(data, nested);
  const dtype =
    options.dtype ?? (leaves.length > 0 && leaves.every((leaf) => typeof leaf === 'boolean') ? 'bool' : 'f32');
  const values = hostArray(dtype, leaves.length);
  for (let i = 0; i < leaves.length; i++) values[i] = toDType(dtype, checkFits('tensor', dtype, Number(leaves[i])));
  return put(values, checkedShape(options.shape ?? nested, leaves.length), dtype, options.device);
}

function checkedShape(shape: Shape, size: number): Shape {
  checkShape('tensor', shape);
  if (sizeOf(shape) !== size) {
    throw new ShapeError(
      `tensor: shape [${shape.join(', ')}] holds ${sizeOf(shape)} elements, but ${size} were given. Change the shape or the data.`,
    );
  }
  return [...shape];
}

/** The number that a tensor of `dtype` is filled with. A negative number is a pattern of bits for u32: -1 is all of them. */
function fillingOf(value: number | boolean, dtype: DType): number {
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw new ArgumentError(`full: expected the value as a number or a boolean, got ${describe(value)}.`);
  const number = Number(value);
  return dtype === 'u32' && fits('i32', number) ? toDType(dtype, number) : checkFits('full', dtype, number);
}

/**
 * A tensor filled with `value`; f32 for a number and bool for a boolean unless `dtype` says otherwise. Integer dtypes cut
 * the fraction off, and u32 takes negative numbers as their 32 bits.
 * @throws DTypeError for a number that an integer dtype has no room for.
 */
export const full = (shape: Shape, value: number | boolean, options: CreateOptions = {}): Tensor =>
  filled('full', shape, value, options);

function filled(op: string, shape: Shape, value: number | boolean, options: CreateOptions = {}): Tensor {
  checkShape(op, shape);
  checkedOptions(op, options, ['dtype', 'device']);
  const dtype = options.dtype ?? (typeof value === 'boolean' ? 'bool' : 'f32');
  checkDType(op, dtype);
  const filling = toDType(dtype, fillingOf(value, dtype));
  // A scalar is a tensor as well, not a number of the program: functions of it are computed where those of tensors are.
  if (currentBuilder())
    return (
      shape.length === 0 ? lax.reshape(lax.full([1], filling, dtype), []) : lax.full(shape, filling, dtype)
    ) as Tensor;
  const size = sizeOf(shape);
  if (size <= HOST_FILL) return put(hostArray(dtype, size).fill(filling), [...shape], dtype, options.device);
  const { program } = traceProgram([], () => [lax.full(shape, filling, dtype)]);
  const [storage] = executeProgram(program, [], deviceFor(dtype, options.device));
  return stored(storage, [...shape], dtype);
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, options?: CreateOptions): Tensor => filled('zeros', shape, 0, options);

/** A tensor of ones. */
export const ones = (shape: Shape, options?: CreateOptions): Tensor => filled('ones', shape, 1, options);

/** `value` in the shape, dtype and on the device of `x`. */
export const fullLike = (x: TensorLike, value: number | boolean, options: CreateOptions = {}): Tensor =>
  filledLike('fullLike', x, value, options);

function filledLike(op: string, x: TensorLike, value: number | boolean, options: CreateOptions = {}): Tensor {
  checkedOptions(op, options, ['dtype', 'device']);
  const like = isValue(x) ? x : tensor(x);
  const form = { dtype: options.dtype ?? like.dtype, device: options.device ?? placeOf(like)?.name };
  return filled(op, like.shape, value, form);
}

/** Zeros in the shape, dtype and on the device of `x`. */
export const zerosLike = (x: TensorLike, options?: CreateOptions): Tensor => filledLike('zerosLike', x, 0, options);

/** Ones in the shape, dtype and on the device of `x`. */
export const onesLike = (x: TensorLike, options?: CreateOptions): Tensor => filledLike('onesLike', x, 1, options);

/** A tensor with element `f(i)` at flat position `i`. */
function generate(op: string, shape: Shape, f: (index: number) => number, dtype: DType, device?: string): Tensor {
  checkDType(op, dtype);
  const data = hostArray(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = toDType(dtype, checkFits(op, dtype, f(i)));
  return put(data, shape, dtype, device);
}

/**
 * start, start + step, … up to, not including, stop. With one number: 0, 1, …, stop - 1. The options come last.
 * i32 when all three are integers, else f32.
 * @throws ArgumentError for a step of 0 or arguments that are not finite; DTypeError for numbers that do not fit.
 */
export function arange(stop: number, options?: CreateOptions): Tensor;
export function arange(start: number, stop: number, options?: CreateOptions): Tensor;
export function arange(start: number, stop?: number, step?: number, options?: CreateOptions): Tensor;
export function arange(start: number, ...rest: readonly (number | CreateOptions | undefined)[]): Tensor {
  const isNumber = (argument: unknown): argument is number => typeof argument === 'number';
  const given = rest.find((argument) => argument !== undefined && !isNumber(argument)) as CreateOptions | undefined;
  const options = checkedOptions('arange', given === undefined ? {} : given, ['dtype', 'device']);
  const [stop, step = 1] = rest.map((argument) => (isNumber(argument) ? argument : undefined));
  const from = stop === undefined ? 0 : start;
  const to = stop ?? start;
  if (!(Number.isFinite(from) && Number.isFinite(to) && Number.isFinite(step)) || step === 0) {
    throw new ArgumentError(
      `arange: expected finite start and stop and a step other than 0, got ${[from, to, step].map(describe).join(', ')}.`,
    );
  }
  const dtype = options.dtype ?? ([from, to, step].every(Number.isInteger) ? 'i32' : 'f32');
  checkDType('arange', dtype);
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (currentBuilder() && from === 0 && step === 1 && dtype !== 'bool') return lax.iota([count], 0, dtype) as Tensor;
  return generate('arange', [count], (i) => from + i * step, dtype, options.device);
}

/**
 * `count` evenly spaced numbers from `start` to `stop`, both included (without `stop` when `endpoint` is false). Integer
 * dtypes take the integer below each.
 */
export function linspace(
  start: number,
  stop: number,
  count: number,
  options: CreateOptions & { readonly endpoint?: boolean } = {},
): Tensor {
  const {
    endpoint = true,
    dtype = 'f32',
    device,
  } = checkedOptions('linspace', options, ['endpoint', 'dtype', 'device']);
  checkNumber('linspace', 'start', start);
  checkNumber('linspace', 'stop', stop);
  checkedWhole('linspace: count', count, 0);
  const intervals = endpoint ? count - 1 : count;
  // The last number is `stop` itself, whatever rounding would make of it.
  const at = (i: number): number =>
    i === 0 ? start : endpoint && i === intervals ? stop : start + ((stop - start) * i) / intervals;
  return generate('linspace', [count], isFloat(dtype) ? at : (i) => Math.floor(at(i)), dtype, device);
}

export interface EyeOptions extends CreateOptions {
  /** Which diagonal has the ones: 0 the main one (default), 1 the one above it, -1 the one below. */
  readonly offset?: number;
}

/** The n x m matrix (m = n by default) with ones on diagonal `offset` and zeros elsewhere. */
export function eye(n: number, options?: EyeOptions): Tensor;
export function eye(n: number, m?: number, options?: EyeOptions): Tensor;
export function eye(n: number, columns: number | EyeOptions = n, options: EyeOptions = {}): Tensor {
  checkShape('eye', [n]);
  if (typeof columns === 'object') return eye(n, n, columns);
  const m = columns;
  const { offset = 0, dtype = 'f32', device } = checkedOptions('eye', options, ['offset', 'dtype', 'device']);
  checkShape('eye', [n, m]);
  checkDType('eye', dtype);
  const along = diagonalOffset('eye', offset, n, m);
  if (currentBuilder()) {
    const row = lax.add(lax.iota([n, m], 0, 'i32'), along);
    return lax.cast(lax.eq(row, lax.iota([n, m], 1, 'i32')), dtype) as Tensor;
  }
  return generate('eye', [n, m], (i) => (Math.floor(i / m) + along === i % m ? 1 : 0), dtype, device);
}
