import { checkFunctions } from '@flowfield/tensor-webgpu';
import { stackedParts } from './stackedParts.ts';
import type { BatchStream } from './stream.ts';

/**
 * Batches that the host makes: `make(step)` gives a tree of tensors (or typed arrays), the same for the same step whenever it is
 * asked, and of the same structure and shapes at every step. With `innerSteps` 1 shapes may change; each new one is a compilation,
 * so pad to a few. The tensors stay the maker's.
 * @throws ArgumentError when `make` is no function, or returns no tree of tensors; ShapeError where shapes change within a call.
 */
export function hostBatches<B>(make: (step: number) => B | Promise<B>): BatchStream<B> {
  checkFunctions('hostBatches', make);
  return {
    async host(first, count) {
      const batches: B[] = [];
      for (let i = 0; i < count; i++) batches.push(await make(first + i));
      return stackedParts('hostBatches', batches, first);
    },
    batch: (part) => part as B,
  };
}
