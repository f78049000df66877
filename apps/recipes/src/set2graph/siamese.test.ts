import { type Tensor, tree } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import type { Part, PartContext } from '../part.ts';
import { set2graph } from './index.ts';

/** What is trained in a part, by name, with the number of its parameters; nothing is trained, and the part stops after `last`. */
async function trainedIn(part: Part, last: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  const stop = new Error('enough');
  const context = {
    seed: 0,
    effort: 'plain',
    async trained(name: string, { params }: { params: unknown }) {
      sizes[name] = (tree.leaves(params) as Tensor[]).reduce((sum, { size }) => sum + size, 0);
      if (name === last) throw stop;
      return { params, history: [] };
    },
  } as unknown as PartContext;
  await expect(part.run(context)).rejects.toBe(stop);
  return sizes;
}

test('the siamese network of every part sees no context, and has only the weights of its own elements', async () => {
  const parts = set2graph.parts.filter(({ metrics }) => metrics.some(({ name }) => name === 'siamese'));
  expect(parts.map(({ name }) => name)).toContain('partition');
  for (const part of parts) {
    const sizes = await trainedIn(part, 'siamese');
    expect(sizes.siamese, part.name).toBeLessThan(0.7 * sizes.set2graph);
  }
});

test('Delaunay edges are learned by networks of the paper’s sizes', async () => {
  const [part] = set2graph.parts.filter(({ name }) => name === 'delaunay-20');
  expect(await trainedIn(part, 'siamese')).toEqual({ set2graph: 141_314, siamese: 83_138 });
});
