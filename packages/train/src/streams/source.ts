import { ArgumentError } from '@flowfield/tensor-webgpu';
import { iterableBatches } from './iterableBatches.ts';
import type { BatchStream } from './stream.ts';

/** Where batches come from: a stream, or an iterable of trees of tensors (see `iterableBatches`). */
export type BatchSource<B> = BatchStream<B> | AsyncIterable<B> | Iterable<B>;

/**
 * The stream of a source.
 * @throws ArgumentError for what is neither a stream nor an iterable.
 */
export function streamOf<B>(source: BatchSource<B>): BatchStream<B> {
  const given = source as Partial<BatchStream<B> & AsyncIterable<B> & Iterable<B>> | null | undefined;
  if (typeof given?.host === 'function' && typeof given.batch === 'function') return source as BatchStream<B>;
  const isIterable =
    typeof given?.[Symbol.asyncIterator] === 'function' || typeof given?.[Symbol.iterator] === 'function';
  if (isIterable && typeof source !== 'string' && !('shape' in (source as object))) {
    return iterableBatches(() => source as Iterable<B>, { skip: true });
  }
  throw new ArgumentError(
    'train: batches must be a stream with host and batch, or an iterable. Use generated, randomRows, shuffledRows, hostBatches or iterableBatches.',
  );
}
