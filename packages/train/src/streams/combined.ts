import { ArgumentError, checkedOptions, random, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type BatchSource, streamOf } from './source.ts';
import type { BatchStream, HostPart } from './stream.ts';

/** The batches of several sources by name. */
export type CombinedBatch<S> = { [K in keyof S]: S[K] extends BatchSource<infer B> ? B : never };

/**
 * Several sample sets at once, such as points on a surface and points around it: a batch is an object with one batch of each source,
 * by its name. Each source has a key of its own.
 * @throws ArgumentError for no source, or one that is neither a stream nor an iterable.
 */
export function combined<S extends Readonly<Record<string, BatchSource<unknown>>>>(
  sources: S,
): BatchStream<CombinedBatch<S>> {
  const names = Object.keys(checkedOptions('combined', sources, Object.keys(sources ?? {}))).sort();
  if (names.length === 0) {
    throw new ArgumentError('combined: expected at least one source by name, got none. Give { name: randomRows(…) }.');
  }
  const streams = names.map((name) => streamOf(sources[name]));
  return {
    async host(first, count) {
      const parts = await Promise.all(streams.map((stream) => stream.host(first, count)));
      return tree.leaves<Tensor>(parts).length === 0 ? null : parts;
    },
    async close() {
      await Promise.all(streams.map((stream) => stream.close?.()));
    },
    batch(part, key, step) {
      const parts = part as readonly HostPart[] | null;
      const batches = streams.map((stream, i) => stream.batch(parts?.[i] ?? null, random.foldIn(key, i), step));
      return Object.fromEntries(names.map((name, i) => [name, batches[i]])) as CombinedBatch<S>;
    },
  };
}
