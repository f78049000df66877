import type { TypedArray } from '../dtype/dtype.ts';
import { checkedList, checkFunctions, checkTensor, isPlainObject } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { isTensor } from '../ops/operands.ts';
import { defaultDevice } from '../runtime/registry.ts';
import { checkLater, isReadable } from '../runtime/transfer.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { storageOf } from '../trace/value.ts';

/** The device whose memory this thread sees, with every dtype. */
const HOST = 'cpu';

/**
 * The elements of `x` where they are known now, and `null` elsewhere: inside a trace, on a device that answers by
 * promises, and while they are on their way from one. For checks, which no result may wait for.
 */
export function knownData(x: Tensor): TypedArray | null {
  checkTensor('knownData', 'x', x);
  const { kind } = x.state;
  if (kind === 'traced' || (kind === 'stored' && !isReadable(storageOf(x, 'knownData')))) return null;
  return x.dataSync();
}

/**
 * Looks at the elements of `tensors`, and throws what `check` throws: now where they are known, and when the next tensor of
 * their device is read where they are on their way from one, so that no result waits. Inside a trace nothing is looked at.
 *
 *     checkData([times], (data) => {
 *       if (data.some((t) => t === 0)) throw new ArgumentError('…');
 *     });
 */
export function checkData(tensors: readonly Tensor[], check: (...data: TypedArray[]) => void): void {
  checkFunctions('checkData', check);
  const known = checkedList('checkData', 'the tensors', tensors).map(knownData);
  if (known.every((data) => data !== null)) check(...known);
  else if (tensors.every((x) => x.state.kind !== 'traced')) {
    const coming = tensors.filter((_, i) => known[i] === null).map((x) => storageOf(x, 'checkData'));
    checkLater(coming, (...data) => check(...known.map((each) => each ?? (data.shift() as TypedArray))));
  }
}

/**
 * `tree` with every tensor copied to the CPU, when all have arrived: there `item`, `dataSync` and `toArray` answer at once,
 * and there is f64. All else stays as it is. Tensors of the CPU stay too, so that the same lines serve every device:
 *
 *     const { ys, nfe } = await toHost(solution);
 *
 * @throws TraceError inside a trace.
 */
export async function toHost<T>(tree: T): Promise<T> {
  const coming: Promise<unknown>[] = [];
  const here = onHostDevice(tree, coming) as T;
  await Promise.all(coming);
  return here;
}

/** A tree on the CPU, and what has not arrived there. What holds no tensor of another device is not copied. */
function onHostDevice(node: unknown, coming: Promise<unknown>[]): unknown {
  if (isTensor(node)) {
    const here = node.device?.name === HOST ? node : node.to(HOST);
    if (knownData(here) === null) coming.push(here.data());
    return here;
  }
  const inside: PropertyDescriptorMap =
    Array.isArray(node) || isPlainObject(node) ? Object.getOwnPropertyDescriptors<object>(node) : {};
  const changed = Object.entries(inside).flatMap(([name, { value }]) => {
    const there = onHostDevice(value, coming);
    return there === value ? [] : [[name, there] as const];
  });
  if (changed.length === 0) return node;
  const copy = Array.isArray(node) ? [...node] : Object.create(Object.getPrototypeOf(node), inside);
  for (const [name, value] of changed)
    Object.defineProperty(copy, name, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

/**
 * The function `f` on the host, whatever device its arguments live on: their tensors are copied to the CPU (`toHost`), and
 * new tensors are made there while `f` runs. So `f` may read, and compute in f64:
 *
 *     const distance = await onHost(frechetDistance)(features, others);
 *
 * What `f` uses besides its arguments must live on the CPU. Its result is handed on as it is.
 *
 * @throws ArgumentError when `f` is no function, or returns a promise: the device would be another one after its first `await`.
 */
export function onHost<Args extends readonly unknown[], R>(f: (...args: Args) => R): (...args: Args) => Promise<R> {
  checkFunctions('onHost', f);
  return async (...args) => {
    const here = (await toHost(args)) as unknown as Args;
    const { name } = defaultDevice();
    defaultDevice(HOST);
    try {
      const result = f(...here);
      if (!(result instanceof Promise)) return result;
      result.catch(() => {});
    } finally {
      defaultDevice(name);
    }
    throw new ArgumentError(
      'onHost: expected a function that returns its result at once, got a promise. Await toHost(arguments), then call it.',
    );
  };
}
