import { checkFunctions, stack, type Tensor, tree } from '@flowfield/tensor-webgpu';
import type { BatchStream, HostPart } from './stream.ts';

/**
 * Batches that the host makes: `make(step)` gives a tree of tensors, the same for the same step whenever it is asked, and
 * of the same shapes at every step. The tensors stay the maker's.
 * @throws ArgumentError when `make` is no function.
 */
export function hostBatches<B>(make: (step: number) => B | Promise<B>): BatchStream<B> {
  checkFunctions('hostBatches', make);
  return {
    async host(first, count) {
      const batches: B[] = [];
      for (let i = 0; i < count; i++) batches.push(await make(first + i));
      const join = (...leaves: Tensor[]): Tensor => stack(leaves);
      return tree.map(join, batches[0], ...batches.slice(1)) as HostPart;
    },
    batch: (part) => part as B,
  };
}
