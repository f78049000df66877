import { type LrgaBlockParams, lrgaBlock, randomNodeFeatures } from '@flowfield/equivariant-layers';
import { initializers, type LinearParams, linear, type MlpParams, mlp } from '@flowfield/nn';
import { random, relu, type Tensor } from '@flowfield/tensor-webgpu';

/** Padded graphs: adjacency [batch, n, n], features [batch, n, c], and which nodes are real [batch, n]. */
export type NodeGraphs = { adjacency: Tensor; features: Tensor; mask: Tensor };

export type RandomNetParams = {
  input: LinearParams;
  rounds: { local: MlpParams; block: LrgaBlockParams }[];
  head: MlpParams;
};

export interface RandomNetOptions {
  /** Features of a node that are no draws. */
  readonly features: number;
  readonly rounds: number;
  /** From nodes to a graph: the mean, or the sum over 8. */
  readonly pool: 'mean' | 'sum';
  /** Fresh normal numbers for each node at every call (default 16); 0 for none. */
  readonly draws?: number;
}

export const DRAWS = 16;
const [WIDTH, RANK] = [64, 16];
const init = { weightInit: initializers.glorotNormal, biasInit: initializers.zeros };

/**
 * A graph network that sees random numbers at its nodes: in each round g = MLP(h + A h), 64-64 with ReLU after both, then BN(relu(M [LRGA(h), g, h])) of rank 16; one logit from all nodes, 64-64-1.
 * Normalization is by the batch, in tests too.
 */
export function randomNet({ features, rounds, pool, draws = DRAWS }: RandomNetOptions) {
  const input = linear({ inputs: features + draws, outputs: WIDTH, ...init });
  const local = mlp({ inputs: WIDTH, hidden: [WIDTH], outputs: WIDTH, activation: 'relu', ...init });
  const block = lrgaBlock({ inputs: WIDTH, local: WIDTH, outputs: WIDTH, rank: RANK });
  const head = mlp({ inputs: WIDTH, hidden: [WIDTH], outputs: 1, activation: 'relu', ...init });

  return {
    init: (key: random.Key): RandomNetParams => ({
      input: input.init(random.foldIn(key, 0)),
      rounds: Array.from({ length: rounds }, (_, i) => {
        const [localKey, blockKey] = random.split(random.foldIn(key, 1 + i));
        return { local: local.init(localKey), block: block.init(blockKey) };
      }),
      head: head.init(random.foldIn(key, 99)),
    }),
    /** One logit for each graph [batch]; the key draws the random numbers. */
    apply(params: RandomNetParams, { adjacency, features: known, mask }: NodeGraphs, key: random.Key): Tensor {
      const seen = draws > 0 ? randomNodeFeatures(key, known, { count: draws }) : known;
      const real = mask.expandDims(-1).astype('f32');
      const h = params.rounds.reduce((x, round) => {
        const near = relu(local.apply(round.local, x.add(adjacency.matmul(x))));
        return block.apply(round.block, block.initState(), x, near, { training: true, mask })[0];
      }, input.apply(params.input, seen).mul(real));
      const total = h.sum({ axis: 1 });
      return head.apply(params.head, pool === 'sum' ? total.div(8) : total.div(real.sum({ axis: 1 }))).squeeze(-1);
    },
  };
}
