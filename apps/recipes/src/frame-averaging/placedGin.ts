import { initializers, type LinearParams, linear, type MlpParams, mlp } from '@flowfield/nn';
import { argsort, concat, oneHot, random, type Tensor, where } from '@flowfield/tensor-webgpu';

/** Nodes that graphs are padded to, and places that a node can have. */
export const NODES = 64;
const WIDTH = 64;
const ROUNDS = 3;

/** Padded graphs: adjacency [batch, n, n], tags [batch, n], and the group of each node in the sorted order, `NODES` for padding. */
export type PlacedGraphs = { adjacency: Tensor; groups: Tensor; tags: Tensor };

export type PlacedGinParams = { rounds: { linear: LinearParams; epsilon: Tensor }[]; head: MlpParams };

/**
 * A graph isomorphism network with features [tag, degree, one-hot place]: h' = relu(Linear((1 + ε) h + Σ_neighbors h)) three times, the
 * mean over the nodes, 64-10-1. Places are those of one element of the frame ('frames'), of any permutation ('uniform'), or none.
 */
export function placedGin(positions: 'frames' | 'uniform' | 'none') {
  const rounds = Array.from({ length: ROUNDS }, (_, i) =>
    linear({ inputs: i === 0 ? 2 + NODES : WIDTH, outputs: WIDTH, biasInit: initializers.zeros }),
  );
  const head = mlp({ inputs: WIDTH, hidden: [10], outputs: 1, activation: 'relu', biasInit: initializers.zeros });
  return {
    init(key: random.Key): PlacedGinParams {
      return {
        rounds: rounds.map((layer, i) => ({
          linear: layer.init(random.foldIn(key, i)),
          epsilon: random.uniform(random.foldIn(key, 10 + i), []),
        })),
        head: head.init(random.foldIn(key, 20)),
      };
    },
    /** One logit for each graph [batch]; the key draws places. */
    apply(params: PlacedGinParams, { adjacency, groups, tags }: PlacedGraphs, key: random.Key): Tensor {
      const real = groups.less(NODES).expandDims(-1);
      const degrees = adjacency.sum({ axis: -1, keepDims: true });
      const places = oneHot(drawnPlaces(positions === 'frames' ? groups : groups.div(NODES).floor(), key), NODES);
      const known = positions === 'none' ? places.mul(0) : where(real, places, 0);
      const h = params.rounds.reduce(
        (y, round, i) => {
          const mixed = y.mul(round.epsilon.add(1)).add(adjacency.matmul(y));
          return where(real, rounds[i].apply(round.linear, mixed).maximum(0), 0);
        },
        concat([tags.expandDims(-1), degrees, known], -1),
      );
      const count = real.astype('f32').sum({ axis: 1 });
      return head.apply(params.head, h.sum({ axis: 1 }).div(count)).squeeze(-1);
    },
  };
}

/** The place of every node in an order drawn at random in which groups ascend, each order equally likely. */
function drawnPlaces(groups: Tensor, key: random.Key): Tensor {
  // Draws stay below 1 when they are added to numbers up to NODES in f32.
  const draws = random.uniform(key, groups.shape, { maxval: 0.999 });
  return argsort(argsort(groups.add(draws), { axis: -1 }), { axis: -1 });
}
