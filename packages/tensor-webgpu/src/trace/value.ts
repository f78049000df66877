import type { DType } from '../dtype/dtype.ts';
import { ArgumentError, DisposedError, DuplicateError } from '../errors/errors.ts';
import type { Aval, Literal, Var } from '../program/aval.ts';
import type { Value } from '../program/value.ts';
import type { Device, Memory, Storage } from '../runtime/device.ts';
import { giveBack } from '../runtime/line.ts';
import type { Shape } from '../shape/shape.ts';
import { tellMade } from './made.ts';
import type { PlainNumber } from './plainNumber.ts';

/** A trace as its values see it: they are symbols of it, and may not be used once it is over. */
export interface Trace {
  readonly finished: boolean;
}

/** What stands behind a value: device memory, a variable of a program being built, a literal, or nothing any more. */
export type ValueState =
  | Storage
  | { readonly kind: 'traced'; readonly builder: Trace; readonly variable: Var; readonly number?: PlainNumber }
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'gone'; readonly why: string };

/** Tells tensors of another copy of this library; its value is where the copy lies. */
const COPY = Symbol.for('@flowfield/tensor-webgpu');

/**
 * An immutable array of known shape and dtype, in memory or inside a trace. The layer above gives the class its methods: of a
 * class derived from this one, each value would cost four times as much to make.
 */
export class BaseTensor implements Value {
  // Set by the constructor alone: fields that are defined before make a value cost twice as much.
  declare readonly shape: Shape;
  declare readonly dtype: DType;
  /** @internal */
  declare state: ValueState;
  /** @internal The results that it came with; `null` for what has no memory. */
  declare batch: Batch | null;
  /** @internal The last call that looked whether it was given twice. */
  declare seenBy: number;

  static {
    Object.defineProperty(BaseTensor.prototype, COPY, { value: import.meta.url });
    // What consoles and errors call it.
    Object.defineProperty(BaseTensor, 'name', { value: 'Tensor' });
  }

  constructor(aval: Aval, state: ValueState) {
    if (state === undefined)
      throw new ArgumentError('Tensor: tensors are made by functions, not with new. Use tensor([1, 2]) or zeros([2]).');
    this.shape = aval.shape;
    this.dtype = aval.dtype;
    this.state = state;
    this.batch = null;
    this.seenBy = 0;
  }

  /** The device that holds the data; `undefined` inside a trace. */
  get device(): Device | undefined {
    return this.state.kind === 'stored' ? this.state.device : undefined;
  }
}

/**
 * Whether `x` is a value of this library.
 * @throws DuplicateError for one of another copy of it.
 */
export function isValue(x: unknown): x is Value {
  if (x instanceof BaseTensor) return true;
  if (typeof x !== 'object' || x === null || !(COPY in x)) return false;
  throw new DuplicateError(
    `Expected a tensor of the copy of @flowfield/tensor-webgpu at ${import.meta.url}, got one of a second copy in this process, ` +
      `at ${String((x as Record<symbol, unknown>)[COPY])}. Let all packages share one version: see npm ls @flowfield/tensor-webgpu, then npm dedupe.`,
  );
}

/** Frees the memory of tensors that were collected without a dispose: a safety net, not a plan. */
const collected = new FinalizationRegistry<Memory>(giveBack);

/** Values in memory that were made together. */
interface Batch {
  readonly values: BaseTensor[];
  /** How many of them still have their memory. */
  left: number;
  /** Its place among the young; -1 when the finalizer knows of its values, or need not. */
  youngAt: number;
}

/**
 * Batches of which the finalizer does not know yet. Telling it costs more than all else that is done for a small result, and
 * most of them are disposed or donated before the task ends.
 */
const young: Batch[] = [];
let youngValues = 0;
let youngElements = 0;
let settling = false;
const MOST_YOUNG = 8192;
const MOST_YOUNG_ELEMENTS = 1 << 22;

/** Tells the finalizer of the young. */
function settle(): void {
  for (const batch of young) {
    batch.youngAt = -1;
    for (const value of batch.values) {
      const { state } = value;
      if (state.kind === 'stored') collected.register(value, state.memory, value);
    }
  }
  young.length = 0;
  youngValues = 0;
  youngElements = 0;
}

/** The finalizer shall not free what this value held. */
function forget(value: BaseTensor, storage: Storage): void {
  const batch = value.batch as Batch;
  const { youngAt } = batch;
  if (youngAt < 0) {
    collected.unregister(value);
    return;
  }
  youngElements -= storage.size;
  if (--batch.left > 0) return;
  youngValues -= batch.values.length;
  const last = young.pop() as Batch;
  if (last !== batch) {
    young[youngAt] = last;
    last.youngAt = youngAt;
  }
  batch.youngAt = -1;
}

const afterTask: (run: () => void) => void =
  typeof setImmediate === 'function' ? (run) => void setImmediate(run).unref?.() : (run) => void setTimeout(run, 0);

/** A value of a trace, or one that has no memory. */
export const makeValue = (aval: Aval, state: Exclude<ValueState, Storage>): Value => new BaseTensor(aval, state);

/** Values in memory, of these forms. */
export function storedValues(forms: readonly Aval[], storages: readonly Storage[]): readonly Value[] {
  const values: BaseTensor[] = new Array(forms.length);
  const batch: Batch = { values, left: forms.length, youngAt: young.length };
  for (let i = 0; i < forms.length; i++) {
    const storage = storages[i];
    const value = new BaseTensor(forms[i], storage);
    value.batch = batch;
    values[i] = value;
    tellMade(value);
    youngElements += storage.size;
  }
  if (values.length === 0) return values;
  young.push(batch);
  youngValues += values.length;
  if (youngValues >= MOST_YOUNG || youngElements >= MOST_YOUNG_ELEMENTS) settle();
  else if (!settling) {
    settling = true;
    afterTask(() => {
      settling = false;
      settle();
    });
  }
  return values;
}

/** A value in memory. */
export const storedValue = (aval: Aval, storage: Storage): Value => storedValues([aval], [storage])[0];

/**
 * Takes the storage away from a value, which is gone from then on; `why` completes "was used after".
 * Every way for a value to lose its storage (dispose, donation) goes through here.
 */
export function takeStorage(value: BaseTensor, use: string, why: string): Storage {
  const storage = storageOf(value, use);
  forget(value, storage);
  value.state = { kind: 'gone', why };
  return storage;
}

const DONATED: ValueState = { kind: 'gone', why: 'it was donated to a jitted function' };

/** Marks a tensor as gone whose memory a program took over, so that a later use is a named error. */
export function donate(value: BaseTensor): void {
  const { state } = value;
  if (state.kind !== 'stored') return;
  forget(value, state);
  value.state = DONATED;
}

export const literalValue = (literal: Literal): Value => makeValue(literal, { kind: 'literal', literal });

/** All that stands behind a value: there is no value but of this class. */
export const stateOf = (value: Value): ValueState => (value as BaseTensor).state;

/** The plain number that a value of a trace stands for; `undefined` for all other values. */
export function numberBehind(value: Value): PlainNumber | undefined {
  const state = stateOf(value);
  return state.kind === 'traced' ? state.number : undefined;
}

/** The device that holds a value; `undefined` inside a trace. */
export const placeOf = (value: Value): Device | undefined => (value as BaseTensor).device;

/** The storage of a value in memory; throws `DisposedError` when it was given back. */
export function storageOf(value: Value, use: string): Storage {
  const state = stateOf(value);
  if (state.kind === 'stored') return state;
  if (state.kind === 'gone') {
    throw new DisposedError(
      `${use}: a tensor of dtype ${value.dtype} and shape [${value.shape.join(', ')}] was used after ${state.why}. ` +
        'Keep it alive until its last use, or make a copy before.',
    );
  }
  throw new DisposedError(`${use}: expected a tensor in memory, got a value inside a trace.`);
}
