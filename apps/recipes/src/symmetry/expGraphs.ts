import { type PlainGraph, parseGraphText } from '@flowfield/datasets';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { DataFiles } from '../files.ts';

/** 600 pairs of graphs with 32 to 64 nodes, one after another, which color refinement cannot tell apart; their labels are 1 and 0. */
export const EXP = 'exp/EXP.txt';
/** Nodes that graphs are padded to. */
export const EXP_NODES = 64;

export interface ExpGraphs {
  readonly graphs: readonly PlainGraph[];
  /** [1200, 64, 64] */
  readonly adjacency: Tensor;
  /** 0 or 1, 0 for padding, [1200, 64] */
  readonly tags: Tensor;
  /** Which nodes are real, bool [1200, 64]. */
  readonly mask: Tensor;
  /** [1200] */
  readonly labels: Tensor;
}

export async function readExp(files: DataFiles): Promise<ExpGraphs> {
  const { graphs, labels } = parseGraphText(new TextDecoder().decode(await files.benchmark(EXP)), { file: EXP });
  const count = graphs.length;
  const adjacency = new Float32Array(count * EXP_NODES * EXP_NODES);
  const tags = new Float32Array(count * EXP_NODES);
  const mask = new Uint8Array(count * EXP_NODES);
  graphs.forEach((graph, row) => {
    graph.sources.forEach((source, arc) => {
      adjacency[(row * EXP_NODES + source) * EXP_NODES + graph.targets[arc]] = 1;
    });
    tags.set(graph.tags, row * EXP_NODES);
    mask.fill(1, row * EXP_NODES, row * EXP_NODES + graph.nodes);
  });
  return {
    graphs,
    adjacency: tensor(adjacency).reshape([count, EXP_NODES, EXP_NODES]),
    tags: tensor(tags).reshape([count, EXP_NODES]),
    mask: tensor(mask, { dtype: 'bool' }).reshape([count, EXP_NODES]),
    labels: tensor(Float32Array.from(labels)),
  };
}
