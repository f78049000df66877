import { type LrgaBlockParams, type LrgaBlockState, lrgaBlock } from '@flowfield/equivariant-layers';
import {
  type BatchNormParams,
  type BatchNormState,
  batchNorm,
  initializers,
  type LinearParams,
  linear,
  type MlpParams,
  mlp,
} from '@flowfield/nn';
import { concat, oneHot, random, relu, type Tensor, where } from '@flowfield/tensor-webgpu';
import { BLOCKS, type BlockGraphs } from './blockGraphs.ts';

/** What a layer sees beside its neighbors: nothing, low-rank attention, or the mean of the same features Z over the graph. */
export type Context = 'none' | 'attention' | 'mean';

type Norms = { mean: Tensor; variance: Tensor }[];
type Round = { local: LinearParams; norm?: BatchNormParams; block?: LrgaBlockParams };
export type ClusterParams = { input: LinearParams; rounds: Round[]; head: MlpParams };

const ROUNDS = 4;
const [PLAIN_WIDTH, WIDTH, RANK] = [146, 64, 32];
const init = { weightInit: initializers.glorotNormal, biasInit: initializers.zeros };

/**
 * Four graph convolutions  D^(-1/2) A D^(-1/2) h W + b  on one-hot hints, and a perceptron for the six blocks. Without context  h + relu(BN(…)), width 146; with it
 * BN(relu(M [context, relu(…), h])), width 64, rank 32. About 102,000 parameters each.
 */
export function clusterNet(context: Context) {
  const d = context === 'none' ? PLAIN_WIDTH : WIDTH;
  const input = linear({ inputs: 1 + BLOCKS, outputs: d, ...init });
  const local = linear({ inputs: d, outputs: d, ...init });
  const head = mlp({ inputs: d, hidden: [d >> 1, d >> 2], outputs: BLOCKS, activation: 'relu', ...init });
  // Statistics are those of one batch: what a state learns is pooled by who evaluates.
  const norm = batchNorm({ size: d, decay: 0 });
  const block = lrgaBlock({ inputs: d, local: d, outputs: d, rank: RANK, decay: 0 });

  return {
    init: (key: random.Key): ClusterParams => ({
      input: input.init(random.foldIn(key, 0)),
      rounds: Array.from({ length: ROUNDS }, (_, i) => {
        const [localKey, restKey] = random.split(random.foldIn(key, 1 + i));
        return {
          local: local.init(localKey),
          ...(context === 'none' ? { norm: norm.init(restKey) } : { block: block.init(restKey) }),
        };
      }),
      head: head.init(random.foldIn(key, 9)),
    }),
    /** Scores of the blocks [batch, n, 6], and the statistics of every normalization: those of the batch unless `known` ones are given. */
    apply(params: ClusterParams, { edges, hints, blocks }: BlockGraphs, known?: Norms): [Tensor, Norms] {
      const mask = blocks.greaterEqual(0);
      const adjacency = normalized(edges);
      const training = known === undefined;
      const used: Norms = [];
      const h = params.rounds.reduce(
        (x, round, i) => {
          const near = adjacency.matmul(x.matmul(round.local.weight)).add(round.local.bias as Tensor);
          const before: BatchNormState = known?.[i] ?? norm.initState();
          if (context === 'none') {
            const [y, after] = norm.apply(round.norm as BatchNormParams, before, near, { training, mask });
            used.push(after);
            return where(mask.expandDims(-1), x.add(relu(y)), 0);
          }
          const own = round.block as LrgaBlockParams;
          if (context === 'attention') {
            const [y, after] = block.apply(own, { norm: before }, x, near, { training, mask });
            used.push((after as Required<LrgaBlockState>).norm);
            return y;
          }
          const mixed = relu(
            withMean(own, x, near, mask)
              .matmul(own.mix.weight)
              .add(own.mix.bias as Tensor),
          );
          const [y, after] = norm.apply(own.norm as BatchNormParams, before, mixed, { training, mask });
          used.push(after);
          return where(mask.expandDims(-1), y, 0);
        },
        where(mask.expandDims(-1), input.apply(params.input, oneHot(hints, 1 + BLOCKS)), 0),
      );
      return [head.apply(params.head, h), used];
    },
  };
}

/** The features of a block with the mean of Z over the graph in place of attention. */
function withMean({ attention }: LrgaBlockParams, x: Tensor, near: Tensor, mask: Tensor): Tensor {
  const real = mask.expandDims(-1);
  const features = where(real, relu(x.matmul(attention.weight).add(attention.bias)), 0);
  const mean = features
    .slice('...', [2 * RANK, 3 * RANK])
    .sum({ axis: -2, keepDims: true })
    .div(real.astype('f32').sum({ axis: -2, keepDims: true }));
  const everywhere = mean.broadcastTo([...x.shape.slice(0, -1), RANK]);
  return concat([everywhere, features.slice('...', [3 * RANK, 4 * RANK]), where(real, relu(near), 0), x], -1);
}

/** D^(-1/2) A D^(-1/2), rows of 0 for nodes without edges. */
function normalized(edges: Tensor): Tensor {
  const adjacency = edges.astype('f32');
  const scale = adjacency.sum({ axis: -1, keepDims: true }).maximum(1).rsqrt();
  return adjacency.mul(scale).mul(scale.swapaxes(-1, -2));
}
