import { checkFunctions, type random, type Tensor } from '@flowfield/tensor-webgpu';
import type { BatchStream } from './stream.ts';

/**
 * Batches that the device draws from a key, such as samples of a known density: `draw` is traced into the training step,
 * and the host does nothing.
 * @throws ArgumentError when `draw` is no function.
 */
export function generated<B>(draw: (key: random.Key, step: Tensor) => B): BatchStream<B> {
  checkFunctions('generated', draw);
  return { host: () => null, batch: (_part, key, step) => draw(key, step) };
}
