import type { DType, TypedArray } from '../dtype/dtype.ts';
import type { Value } from '../program/value.ts';
import type { Device } from '../runtime/device.ts';
import type { Shape } from '../shape/shape.ts';
import type { TensorMethods } from './methods.ts';
import type { NestedArray } from './types.ts';

declare global {
  /** For consumers whose `lib` is older than `using`; the same as in `lib.esnext.disposable`. */
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

/**
 * An immutable array of numbers of one dtype on one device. Operations never consume their operands. Memory is
 * given back by `dispose`, `using` or `scope`, and, as a safety net, when the tensor is garbage-collected.
 *
 * Functions of a tensor are methods of it too: `x.add(y)` is `add(x, y)`.
 */
export interface Tensor extends Value, TensorMethods<Tensor> {
  readonly shape: Shape;
  readonly dtype: DType;

  /** The device that holds the data; `undefined` inside a trace. */
  readonly device: Device | undefined;

  /** The number of axes. */
  readonly ndim: number;

  /** The number of elements. */
  readonly size: number;

  /** The extent of axis 0. Throws `ShapeError` for a scalar. */
  readonly length: number;

  /** The axes reversed: the transpose of a matrix. */
  readonly T: Tensor;

  /** The part at integer positions of the leading axes: `x.at(i, j)` is Python's `x[i, j]`. */
  at(...indices: readonly number[]): Tensor;

  /** The elements in row-major order, copied to the host. Booleans are 0 and 1. Throws `TraceError` inside a trace. */
  data(): Promise<TypedArray>;

  /** The elements at once, on a device whose memory this thread can see. Throws `DeviceError` on others. */
  dataSync(): TypedArray;

  /**
   * The elements in nested arrays; booleans as `true` and `false`. With the number of axes, which then must be so many,
   * the result is typed by it (`x.toArray(2)` is a `number[][]`), and booleans are 1 and 0 in it, as in `data()`.
   *
   * @throws ShapeError for a tensor of another number of axes.
   */
  toArray(): number | boolean | NestedArray;
  toArray<N extends keyof NumbersByRank>(ndim: N): NumbersByRank[N];

  /** The one element of a tensor of size 1. Throws `ShapeError` for other sizes. */
  item(): number;

  /** A copy of the elements on another device, or on the same one. */
  to(device: string | Device): Tensor;

  /** Gives the memory back; any later use throws `DisposedError`. Doing it twice is fine. */
  dispose(): void;
  [Symbol.dispose](): void;

  /** The slices along axis 0, in order. */
  [Symbol.iterator](): Generator<Tensor>;

  /**
   * On one line, with the first elements where they can be read at once: `Tensor f32[2,3] cpu [[1, 2, 3], [4, 5, 6]]`.
   * In a page, where `console.log(x)` lists the object, `console.log(`${x}`)` shows this.
   */
  toString(): string;

  /**
   * Text where text is wanted. Arithmetic and comparison by JavaScript's operators (`x * 2`, `x < y`) would give NaN
   * or false.
   * @throws ArgumentError where a number is wanted.
   */
  [Symbol.toPrimitive](hint: string): string;

  toJSON(): { dtype: DType; shape: Shape; data: number[] };
}

/** Nested arrays of numbers by how deep they are. */
export interface NumbersByRank {
  0: number;
  1: number[];
  2: number[][];
  3: number[][][];
  4: number[][][][];
  5: number[][][][][];
}
