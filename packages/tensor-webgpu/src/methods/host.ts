import type { TypedArray } from '../dtype/dtype.ts';
import { checkFunctions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { isTensor } from '../ops/operands.ts';
import { defaultDevice } from '../runtime/registry.ts';
import { isReadable } from '../runtime/transfer.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { storageOf } from '../trace/value.ts';
import { leaves, map } from '../tree/tree.ts';

/** The device whose memory this thread sees, with every dtype. */
const HOST = 'cpu';

/**
 * The elements of `x` where they are known now, and `null` elsewhere: inside a trace, on a device that answers by
 * promises, and while they are on their way from one. For checks, which no result may wait for.
 */
export function knownData(x: Tensor): TypedArray | null {
  const { kind } = x.state;
  if (kind === 'traced' || (kind === 'stored' && !isReadable(storageOf(x, 'knownData')))) return null;
  return x.dataSync();
}

/**
 * `tree` with every tensor copied to the CPU, when all have arrived: there `item`, `dataSync` and `toArray` answer at once,
 * and there is f64. Other leaves stay as they are. On tensors of the CPU it changes nothing, so that the same lines serve
 * every device:
 *
 *     const { ys, nfe } = await toHost(solution);
 *
 * @throws TraceError inside a trace.
 */
export async function toHost<T>(tree: T): Promise<T> {
  const here = map((leaf: unknown) => (isTensor(leaf) ? leaf.to(HOST) : leaf), tree as never) as T;
  await Promise.all(leaves(here as never).map((leaf: unknown) => (isTensor(leaf) ? arrived(leaf) : leaf)));
  return here;
}

/** Waits until a tensor of the CPU has its elements. */
const arrived = (x: Tensor): unknown => (knownData(x) === null ? x.data() : null);

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
