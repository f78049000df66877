import type { DType } from '../dtype/dtype.ts';
import { DisposedError, DuplicateError } from '../errors/errors.ts';
import type { Aval, Literal, Var } from '../program/program.ts';
import type { Device, Storage } from '../runtime/device.ts';
import type { Shape } from '../shape/shape.ts';
import type { Builder } from './builder.ts';

/** What stands behind a value: device memory, a variable of a program being built, a literal, or nothing any more. */
export type ValueState =
  | { readonly kind: 'stored'; readonly storage: Storage }
  | { readonly kind: 'traced'; readonly builder: Builder; readonly variable: Var }
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'gone'; readonly why: string };

/** Tells tensors of another copy of this library; its value is where the copy lies. */
const COPY = Symbol.for('@flowfield/tensor-webgpu');

/** An immutable array of known shape and dtype, in memory or inside a trace. `Tensor` adds the methods. */
export class Value implements Aval {
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal */
  state: ValueState;

  static {
    Object.defineProperty(Value.prototype, COPY, { value: import.meta.url });
  }

  constructor(aval: Aval, state: ValueState) {
    this.shape = aval.shape;
    this.dtype = aval.dtype;
    this.state = state;
  }

  /** The device that holds the data; `undefined` inside a trace. */
  get device(): Device | undefined {
    return this.state.kind === 'stored' ? this.state.storage.device : undefined;
  }
}

/**
 * Whether `x` is a value of this library.
 * @throws DuplicateError for one of another copy of it.
 */
export function isValue(x: unknown): x is Value {
  if (x instanceof Value) return true;
  if (typeof x !== 'object' || x === null || !(COPY in x)) return false;
  throw new DuplicateError(
    `Expected a tensor of the copy of @flowfield/tensor-webgpu at ${import.meta.url}, got one of a second copy in this process, ` +
      `at ${String((x as Record<symbol, unknown>)[COPY])}. Let all packages share one version: see npm ls @flowfield/tensor-webgpu, then npm dedupe.`,
  );
}

type ValueClass = new (aval: Aval, state: ValueState) => Value;
let valueClass: ValueClass = Value;

/** Called once by the tensor layer, so that every value made below it is a `Tensor`. */
export function registerValueClass(made: ValueClass): void {
  valueClass = made;
}

/** Frees the memory of tensors that were collected without a dispose: a safety net, not a plan. */
const collected = new FinalizationRegistry<Storage>((storage) => storage.dispose());

export function makeValue(aval: Aval, state: ValueState): Value {
  const value = new valueClass(aval, state);
  if (state.kind === 'stored') collected.register(value, state.storage, value);
  return value;
}

/**
 * Takes the storage away from a value, which is gone from then on; `why` completes "was used after".
 * Every way for a value to lose its storage (dispose, donation) goes through here.
 */
export function takeStorage(value: Value, use: string, why: string): Storage {
  const storage = storageOf(value, use);
  collected.unregister(value);
  value.state = { kind: 'gone', why };
  return storage;
}

export const literalValue = (literal: Literal): Value => makeValue(literal, { kind: 'literal', literal });

/** The storage of a value in memory; throws `DisposedError` when it was given back. */
export function storageOf(value: Value, use: string): Storage {
  const { state } = value;
  if (state.kind === 'stored') return state.storage;
  if (state.kind === 'gone') {
    throw new DisposedError(
      `${use}: a tensor of dtype ${value.dtype} and shape [${value.shape.join(', ')}] was used after ${state.why}. ` +
        'Keep it alive until its last use, or make a copy before.',
    );
  }
  throw new DisposedError(`${use}: expected a tensor in memory, got a value inside a trace.`);
}
