import { ArgumentError, checkedOptions, checkFunctions, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { stackedParts } from './stackedParts.ts';
import type { BatchStream, HostPart } from './stream.ts';

export interface IterableBatchesOptions {
  /** Whether `open` begins at step 0 whatever it is asked for, so that batches before are passed over (default false). */
  readonly skip?: boolean;
}

type Reader<B> = { next(): Promise<IteratorResult<B>> | IteratorResult<B>; return?(): unknown };

/**
 * Batches from an iterable, asynchronous or not: `open(step)` gives one whose first batch is that of `step`, as a resumed run needs
 * it. One that ends is opened again at the step that it had come to, as for the next epoch. A batch is a tree of tensors (or typed
 * arrays); its tensors stay the maker's, and a generator may dispose of one when it is asked for the next.
 * @throws ArgumentError when `open` is no function or gives no iterable, when there is no batch left, and what `hostBatches` throws.
 */
export function iterableBatches<B>(
  open: (step: number) => AsyncIterable<B> | Iterable<B>,
  options: IterableBatchesOptions = {},
): BatchStream<B> {
  checkFunctions('iterableBatches', open);
  const { skip = false } = checkedOptions('iterableBatches', options, ['skip']);
  let reader: Reader<B> | null = null;
  let at = 0;

  const opened = (step: number): Reader<B> => {
    const source = open(step) as Partial<AsyncIterable<B> & Iterable<B>> | null | undefined;
    const iterator = source?.[Symbol.asyncIterator]?.() ?? source?.[Symbol.iterator]?.();
    if (iterator) return iterator as Reader<B>;
    throw new ArgumentError(
      'iterableBatches: expected an iterable from open(step), got none. Return a generator, an array, or a readable stream.',
    );
  };

  async function next(): Promise<B> {
    reader ??= opened(at);
    let result = await reader.next();
    if (result.done) {
      reader = opened(at);
      result = await reader.next();
      if (result.done) {
        reader = null;
        throw new ArgumentError(
          `iterableBatches: there is no batch for step ${at}. Give an iterable that goes on, or one that begins anew when it is opened again.`,
        );
      }
    }
    at++;
    return result.value;
  }

  return {
    async host(first, count) {
      if (reader === null || first !== at) {
        await reader?.return?.();
        reader = null;
        at = skip ? 0 : first;
        while (at < first) await next();
      }
      const parts: HostPart[] = [];
      // Each is copied before the next is asked for: then its maker may free it.
      for (let i = 0; i < count; i++) parts.push(stackedParts('iterableBatches', [await next()], first + i));
      if (count === 1) return parts[0];
      const rows = parts.map((part) => tree.map((leaf: Tensor) => leaf.slice(0), part));
      const joined = stackedParts('iterableBatches', rows, first);
      for (const leaf of tree.leaves<Tensor>([parts, rows])) leaf.dispose();
      return joined;
    },
    batch: (part) => part as B,
    async close() {
      const open = reader;
      reader = null;
      await open?.return?.();
    },
  };
}
