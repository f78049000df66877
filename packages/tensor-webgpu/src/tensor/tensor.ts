import type { DType, TypedArray } from '../dtype/dtype.ts';
import { hostArray } from '../dtype/dtype.ts';
import { ArgumentError, DeviceError, ShapeError, TraceError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { slice } from '../ops/slice.ts';
import type { NestedArray } from '../ops/types.ts';
import type { Aval } from '../program/aval.ts';
import type { Device } from '../runtime/device.ts';
import { giveBack } from '../runtime/line.ts';
import { deviceNamed } from '../runtime/registry.ts';
import { download, downloadNow, isReadable, transfer, upload } from '../runtime/transfer.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import { enterScope } from '../trace/scope.ts';
import { makeValue, registerValueClass, storageOf, takeStorage, type ValueState } from '../trace/value.ts';
import { formatLine, formatTensor } from './format.ts';
import { TensorMethods } from './methods.ts';

declare global {
  /** For consumers whose `lib` is older than `using`; the same as in `lib.esnext.disposable`. */
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

/**
 * An immutable array of numbers of one dtype on one device. Operations never consume their operands. Memory is
 * given back by `dispose`, `using` or `scope`, and, as a safety net, when the tensor is garbage-collected.
 */
export class Tensor extends TensorMethods {
  constructor(aval: Aval, state: ValueState) {
    super(aval, state);
    if (state.kind === 'stored') enterScope(this);
  }

  /** The number of axes. */
  get ndim(): number {
    return this.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The extent of axis 0. Throws `ShapeError` for a scalar. */
  get length(): number {
    if (this.ndim === 0) throw new ShapeError('A scalar has no length. Read it with item().');
    return this.shape[0];
  }

  /** The elements in row-major order, copied to the host. Booleans are 0 and 1. Throws `TraceError` inside a trace. */
  async data(): Promise<TypedArray> {
    const constant = this.constantData();
    if (constant) return constant;
    return download(storageOf(this.readable('data', this.data), 'data'));
  }

  /** The elements at once, on a device whose memory this thread can see. Throws `DeviceError` on others. */
  dataSync(): TypedArray {
    return this.readSync('dataSync', this.dataSync);
  }

  /**
   * The elements in nested arrays; booleans as `true` and `false`. With the number of axes, which then must be so many,
   * the result is typed by it (`x.toArray(2)` is a `number[][]`), and booleans are 1 and 0 in it, as in `data()`.
   *
   * @throws ShapeError for a tensor of another number of axes.
   */
  toArray(): number | boolean | NestedArray;
  toArray<N extends keyof NumbersByRank>(ndim: N): NumbersByRank[N];
  toArray(ndim?: number): number | boolean | NestedArray {
    if (ndim !== undefined && ndim !== this.ndim) {
      throw new ShapeError(
        `toArray: expected ${ndim} axes, got shape [${this.shape.join(', ')}]. Pass ${this.ndim}, or reshape it first.`,
      );
    }
    const data = this.readSync('toArray', this.toArray);
    return nest(data, this.shape, ndim === undefined && this.dtype === 'bool');
  }

  /** The one element of a tensor of size 1. Throws `ShapeError` for other sizes. */
  item(): number {
    if (this.size !== 1)
      throw new ShapeError(
        `item: expected one element, got shape [${this.shape.join(', ')}]. Index it or reduce it first.`,
      );
    return this.readSync('item', this.item)[0];
  }

  /** A copy of the elements on another device, or on the same one. */
  to(device: string | Device): Tensor {
    const target = typeof device === 'string' ? deviceNamed(device) : device;
    if (this.device === target) return composite('to', () => this);
    if (!target.dtypes.includes(this.dtype)) {
      throw new DeviceError(
        `Device ${target.name} has no ${this.dtype}; it has ${target.dtypes.join(', ')}. Cast with .astype first.`,
      );
    }
    const constant = this.constantData();
    const storage = constant
      ? upload(target, constant, this.dtype)
      : transfer(storageOf(this.readable('to', this.to), 'to'), target);
    return makeValue(this, { kind: 'stored', storage }) as Tensor;
  }

  /** Gives the memory back; any later use throws `DisposedError`. Doing it twice is fine. */
  dispose(): void {
    if (this.state.kind === 'stored') giveBack(takeStorage(this, 'dispose', 'dispose()').memory);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The slices along axis 0, in order. */
  *[Symbol.iterator](): Generator<Tensor> {
    for (let i = 0; i < this.length; i++) yield slice(this, i);
  }

  /**
   * On one line, with the first elements where they can be read at once: `Tensor f32[2,3] cpu [[1, 2, 3], [4, 5, 6]]`.
   * In a page, where `console.log(x)` lists the object, `console.log(`${x}`)` shows this.
   */
  override toString(): string {
    const { state } = this;
    const place = state.kind === 'stored' ? state.storage.device.name : state.kind;
    const text = `Tensor ${this.dtype}[${this.shape.join(',')}] ${place}`;
    const constant = this.constantData();
    if (constant) return `${text} ${formatLine(constant, this)}`;
    if (state.kind !== 'stored' || !isReadable(state.storage)) return text;
    return `${text} ${formatLine(downloadNow(state.storage, 'toString'), this)}`;
  }

  /**
   * Text where text is wanted. Arithmetic and comparison by JavaScript's operators (`x * 2`, `x < y`) would give NaN
   * or false.
   * @throws ArgumentError where a number is wanted.
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint !== 'number') return this.toString();
    throw new ArgumentError(
      `A tensor of ${this.dtype}[${this.shape.join(', ')}] is not a number. Use its methods (mul, less, ...), or read one element with .item().`,
    );
  }

  toJSON(): { dtype: DType; shape: Shape; data: number[] } {
    return { dtype: this.dtype, shape: this.shape, data: Array.from(this.readSync('toJSON', this.toJSON)) };
  }

  /** What `console.log` shows in Node: the elements where they can be read at once. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { state } = this;
    if (state.kind !== 'stored' || !isReadable(state.storage)) return this.toString();
    return formatTensor(downloadNow(state.storage, 'inspect'), this);
  }

  private constantData(): TypedArray | null {
    return this.state.kind === 'literal' ? hostArray(this.dtype, 1).fill(this.state.literal.value) : null;
  }

  // biome-ignore lint/complexity/noBannedTypes: any method will do as the frame to cut the stack at.
  private readSync(name: string, method: Function): TypedArray {
    const constant = this.constantData();
    if (constant) return constant;
    return downloadNow(storageOf(this.readable(name, method), name), name);
  }

  /** This tensor, if it has elements; inside a trace throws `TraceError` with the line that asked for them. */
  // biome-ignore lint/complexity/noBannedTypes: any method will do as the frame to cut the stack at.
  private readable(name: string, method: Function): this {
    if (this.state.kind !== 'traced') return this;
    // The stack of this record begins with the line that called `method`.
    const called: { stack?: string } = {};
    Error.captureStackTrace?.(called, method);
    const frame = called.stack
      ?.split('\n')
      .find((line) => /^\s*at /.test(line))
      ?.trim()
      .slice(3);
    const error = new TraceError(
      `${name}(): the elements of ${this.dtype}[${this.shape.join(', ')}] are not known while its function is being traced` +
        `${frame ? ` (read at ${frame})` : ''}. Return the tensor and read it outside, or decide with where() or cond().`,
    );
    Error.captureStackTrace?.(error, method);
    throw error;
  }
}

/** Nested arrays of numbers by how deep they are. */
interface NumbersByRank {
  0: number;
  1: number[];
  2: number[][];
  3: number[][][];
  4: number[][][][];
  5: number[][][][][];
}

function nest(data: TypedArray, shape: Shape, asBooleans: boolean): number | boolean | NestedArray {
  const element = (value: number): number | boolean => (asBooleans ? value !== 0 : value);
  let offset = 0;
  const build = (axis: number): number | boolean | NestedArray => {
    if (axis === shape.length) return element(data[offset++]);
    return Array.from({ length: shape[axis] }, () => build(axis + 1));
  };
  return build(0);
}

registerValueClass(Tensor);
