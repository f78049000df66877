import { grad, random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import {
  alternatingGroup,
  attentionPool,
  cyclicGroup,
  deepSets,
  direction,
  edgeF1,
  edgeLoss,
  equivariantLinear,
  faGnn,
  frameAverage,
  groupLinear,
  invariantNetwork,
  lrga,
  lrgaBlock,
  pointNet,
  pointNetQT,
  pointNetSeg,
  pointNetST,
  poolByPattern,
  quadraticTransmission,
  randomNodeFeatures,
  set2Graph,
  setAttention,
  transmission,
} from '../index.ts';

/** Every layer on numbers that live on one device, the same numbers for each: masks as tensors, and as plain arrays. */
export function layersOn(device: string): Record<string, () => Tensor> {
  const key = random.key(1, { device });
  const drawn = (seed: number, shape: number[]): Tensor => random.normal(random.key(seed, { device }), shape);
  const [x, m, clouds] = [drawn(2, [2, 6, 3]), drawn(3, [2, 6, 6, 3]), drawn(4, [4, 6, 3])];
  const rows = [
    [1, 1, 1, 1, 1, 0],
    [1, 1, 1, 1, 0, 0],
  ];
  const mask = tensor(rows, { device });
  // biome-ignore lint/suspicious/noExplicitAny: layers of all kinds.
  const on = (layer: any, input: Tensor, options = {}): Tensor => layer.apply(layer.init(key), input, options);
  const size = { inputs: 3, outputs: 4 } as const;
  const maps = (orderIn: number, orderOut: number) =>
    equivariantLinear({ orderIn, orderOut, channelsIn: 3, channelsOut: 4 });
  const flat = (graphOf: number[], rank: number, graphs: number) =>
    on(lrga({ inputs: 3, rank }), x.reshape([12, 3]), { batch: { graphs, graphOf: Int32Array.from(graphOf) } });
  const turned = (z: Tensor): Tensor => z.mul(tensor([1, 2, 3], { device })).square();
  const block = lrgaBlock({ inputs: 3, local: 3, outputs: 4, rank: 2 });
  const gnn = faGnn({ group: 'E(3)', width: 6, layers: 2 });
  const scores = m.slice('...', 0);
  return {
    'maps 2 → 2': () => on(maps(2, 2), m, { mask }),
    'maps 2 → 2, mask as an array': () => on(maps(2, 2), m, { mask: rows }),
    'maps 1 → 2': () => on(maps(1, 2), x),
    'maps 2 → 0': () => on(maps(2, 0), m),
    'maps 2 → 3': () => on(maps(2, 3), m),
    'derivative of maps': () => {
      const layer = maps(2, 1);
      const slopes = grad((p: { weight: Tensor }) => layer.apply(p, m, { mask }).square().sum())(layer.init(key));
      return (slopes as { weight: Tensor }).weight;
    },
    group: () => on(groupLinear({ group: cyclicGroup(6), orderIn: 1, orderOut: 2, channelsIn: 3, channelsOut: 2 }), x),
    invariants: () => on(invariantNetwork({ orders: [2, 2], channels: [3, 4], outputs: 2, pool: 'max' }), m, { mask }),
    'invariants of a group': () =>
      on(invariantNetwork({ group: alternatingGroup(6), orders: [1, 2], channels: [3, 4], outputs: 2 }), x),
    transmission: () => on(transmission(size), x, { mask }),
    quadratic: () => on(quadraticTransmission(size), x, { mask: rows }),
    pointNet: () => on(pointNet({ ...size, hidden: [4], pool: 'max', head: [3] }), x, { mask }),
    pointNetSeg: () => on(pointNetSeg({ ...size, hidden: [4, 4], aggregate: 'max' }), x, { mask }),
    pointNetST: () => on(pointNetST({ ...size, hidden: [4, 4] }), x),
    pointNetQT: () => on(pointNetQT({ ...size, hidden: [4, 4] }), x),
    deepSets: () => on(deepSets({ ...size, hidden: [4], aggregate: 'attention', normalize: true }), x, { mask }),
    setAttention: () => on(setAttention({ inputs: 3, norm: true }), x, { mask }),
    attentionPool: () => on(attentionPool({ inputs: 3 }), x, { mask }),
    set2Graph: () => on(set2Graph({ inputs: 3, set: [6], edge: [5], diagonal: true }), x, { mask }),
    'set2Graph, S2G+': () => on(set2Graph({ inputs: 3, set: [6], edge: [5], broadcast: 'S2G+' }), x, { mask: rows }),
    'set2Graph, triplets': () => on(set2Graph({ inputs: 3, set: [6], edge: [5], order: 3 }), x, { mask }),
    lrga: () => on(lrga({ inputs: 3, rank: 2 }), x, { mask }),
    'lrga, one graph': () => on(lrga({ inputs: 3, rank: 2 }), x.at(0)),
    'lrga, flat': () => flat([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], 4, 2),
    'lrga, flat and uneven': () => flat([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 8], 1, 9),
    lrgaBlock: () => block.apply(block.init(key), block.initState(key), x, x, { training: true, mask })[0],
    randomNodeFeatures: () => randomNodeFeatures(key, x, { count: 2 }),
    poolByPattern: () => poolByPattern(m, { order: 2, reduce: 'max' }),
    direction: () => direction(x),
    frameAverage: () =>
      frameAverage((z: Tensor) => turned(z).sum({ axis: [-1, -2] }), { group: 'E(3)', inputs: 'point' })(clouds),
    'frameAverage, one frame': () =>
      frameAverage(turned, { group: 'SE(3)', inputs: 'point', outputs: 'point', copies: 'batched' })(clouds, {
        frames: 'sampled',
        key,
        mask: rows[0],
      }),
    'frameAverage, random bases': () =>
      frameAverage(turned, { group: 'E(3)', inputs: 'point', outputs: 'vector', degenerate: 'randomBasis' })(clouds, {
        key,
      }),
    faGnn: () => tree.leaves<Tensor>(gnn.apply(gnn.init(key), { points: clouds }))[0],
    edgeF1: () => edgeF1(scores, scores.greater(0), { mask }),
    edgeLoss: () => edgeLoss(scores, scores.greater(0).astype('f32'), { mask: rows, softF1: 1 }),
  };
}
