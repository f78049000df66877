import type { DType, TypedArray } from '../dtype/dtype.ts';
import { hostArray } from '../dtype/dtype.ts';
import { describe } from '../errors/checks.ts';
import { ArgumentError, DeviceError, ShapeError, TraceError } from '../errors/errors.ts';
import { composite } from '../ops/composite.ts';
import { transpose } from '../ops/reshape.ts';
import { slice } from '../ops/slice.ts';
import type { Device } from '../runtime/device.ts';
import { giveBack } from '../runtime/line.ts';
import { deviceNamed } from '../runtime/registry.ts';
import { download, downloadNow, isReadable, transfer, upload } from '../runtime/transfer.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import type { TensorMethods } from '../tensor/methods.ts';
import type { NumbersByRank, Tensor as TensorInterface } from '../tensor/tensor.ts';
import type { NestedArray } from '../tensor/types.ts';
import { BaseTensor, storageOf, storedValue, takeStorage } from '../trace/value.ts';
import { attachMethods } from './attach.ts';
import { formatLine, formatTensor } from './format.ts';

/** What the class of tensors is given beside the functions of `attachMethods`; told of at the interface. */
class OwnMethods extends BaseTensor implements Omit<TensorInterface, keyof TensorMethods<TensorInterface>> {
  get T(): TensorInterface {
    return transpose(this);
  }

  at(...indices: readonly number[]): TensorInterface {
    return composite('at', () => slice(this, ...indices));
  }

  get ndim(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get length(): number {
    if (this.ndim === 0) throw new ShapeError('A scalar has no length. Read it with item().');
    return this.shape[0];
  }

  async data(): Promise<TypedArray> {
    const constant = this.constantData();
    if (constant) return constant;
    return download(storageOf(this.readable('data', this.data), 'data'));
  }

  dataSync(): TypedArray {
    return this.readSync('dataSync', this.dataSync);
  }

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

  item(): number {
    if (this.size !== 1)
      throw new ShapeError(
        `item: expected one element, got shape [${this.shape.join(', ')}]. Index it or reduce it first.`,
      );
    return this.readSync('item', this.item)[0];
  }

  to(device: string | Device): Tensor {
    const target = typeof device === 'string' ? deviceNamed(device) : device;
    if (!Array.isArray(target?.dtypes))
      throw new ArgumentError(`to: expected a device or the name of one, got ${describe(device)}. Use .to('cpu').`);
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
    return storedValue(this, storage) as Tensor;
  }

  dispose(): void {
    if (this.state.kind === 'stored') giveBack(takeStorage(this, 'dispose', 'dispose()').memory);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  *[Symbol.iterator](): Generator<Tensor> {
    for (let i = 0; i < this.length; i++) yield slice(this, i);
  }

  override toString(): string {
    const { state } = this;
    const place = state.kind === 'stored' ? state.device.name : state.kind;
    const text = `Tensor ${this.dtype}[${this.shape.join(',')}] ${place}`;
    const constant = this.constantData();
    if (constant) return `${text} ${formatLine(constant, this)}`;
    if (state.kind !== 'stored' || !isReadable(state)) return text;
    return `${text} ${formatLine(downloadNow(state, 'toString'), this)}`;
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint !== 'number') return this.toString();
    throw new ArgumentError(
      `A tensor of ${this.dtype}[${this.shape.join(', ')}] is not a number. Use its methods (mul, less, ...), or read one element with .item().`,
    );
  }

  toJSON(): { dtype: DType; shape: Shape; data: number[] } {
    return { dtype: this.dtype, shape: this.shape, data: Array.from(this.readSync('toJSON', this.toJSON)) };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { state } = this;
    if (state.kind !== 'stored' || !isReadable(state)) return this.toString();
    return formatTensor(downloadNow(state, 'inspect'), this);
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

function nest(data: TypedArray, shape: Shape, asBooleans: boolean): number | boolean | NestedArray {
  const element = (value: number): number | boolean => (asBooleans ? value !== 0 : value);
  let offset = 0;
  const build = (axis: number): number | boolean | NestedArray => {
    if (axis === shape.length) return element(data[offset++]);
    return Array.from({ length: shape[axis] }, () => build(axis + 1));
  };
  return build(0);
}

const { constructor: _, ...own } = Object.getOwnPropertyDescriptors(OwnMethods.prototype);
Object.defineProperties(BaseTensor.prototype, own);
attachMethods(BaseTensor.prototype);

/** The class of tensors, for `x instanceof Tensor`. Functions make them: `tensor`, `zeros`, `random.normal`. */
export const Tensor = BaseTensor as unknown as TensorConstructor;

interface TensorConstructor {
  readonly prototype: TensorInterface;
  readonly name: string;
  new (...hidden: never): TensorInterface;
}

export type Tensor = TensorInterface;
