import { type GraphFrame, placesOf } from '@flowfield/equivariant-layers';
import { eye, jit, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';

/** Elements of a frame in one call of the compiled network. */
const CHUNK = 256;
const NODES = 8;
const WIDTH = 16;
const OUTPUTS = 10;

export interface FrameNet {
  /** The mean over all elements of a frame, 10 numbers. */
  averaged(adjacency: Tensor, frame: GraphFrame): Float64Array;
  /** The same network without positions of nodes. */
  plain(adjacency: Tensor): Float64Array;
}

/**
 * A frozen graph network on eight nodes: features [degree, one-hot place in the sorted order], three layers tanh(((1 + ε) h + A h) W), their
 * sum over the nodes, and 10 linear outputs; no biases, in f64.
 */
export function frameNet(key: random.Key): FrameNet {
  const drawn = (seed: number, inputs: number, outputs: number): Tensor =>
    random.normal(random.foldIn(key, seed), [inputs, outputs], { dtype: 'f64' }).div(Math.sqrt(inputs));
  const layers = [0, 1, 2].map((i) => ({
    weight: drawn(i, i === 0 ? 1 + NODES : WIDTH, WIDTH),
    epsilon: random.uniform(random.foldIn(key, 10 + i), [], { dtype: 'f64' }),
  }));
  const head = drawn(3, WIDTH, OUTPUTS);
  const identity = eye(NODES, { dtype: 'f64' });
  /** places [batch, nodes, nodes], adjacency [nodes, nodes] -> [batch, 10] */
  const outputs = (adjacency: Tensor, places: Tensor): Tensor => {
    const degrees = adjacency.sum({ axis: -1 });
    const [first, ...rest] = layers;
    const start = places.matmul(first.weight.slice([1, 1 + NODES])).add(degrees.expandDims(-1).mul(first.weight.at(0)));
    const spread = (h: Tensor, epsilon: Tensor): Tensor => h.mul(epsilon.add(1)).add(adjacency.matmul(h));
    const h = rest.reduce(
      (y, { weight, epsilon }) => spread(y, epsilon).matmul(weight).tanh(),
      spread(start, first.epsilon).tanh(),
    );
    return h.sum({ axis: 1 }).matmul(head);
  };
  const total = jit(
    (adjacency: Tensor, places: Tensor, weights: Tensor): Tensor =>
      weights.matmul(outputs(adjacency, identity.take(places))),
  );

  return {
    averaged(adjacency, frame) {
      const sums = new Float64Array(OUTPUTS);
      let chunk: Int32Array[] = [];
      const add = (): void => {
        const places = new Int32Array(CHUNK * NODES);
        chunk.forEach((own, row) => {
          places.set(own, row * NODES);
        });
        const weights = Float64Array.from({ length: CHUNK }, (_, row) => (row < chunk.length ? 1 : 0));
        const part = total(adjacency, tensor(places).reshape([CHUNK, NODES]), tensor(weights, { dtype: 'f64' }));
        part.dataSync().forEach((value: number | bigint, i: number) => {
          sums[i] += Number(value);
        });
        chunk = [];
      };
      for (const order of frame.elements()) {
        chunk.push(placesOf(order));
        if (chunk.length === CHUNK) add();
      }
      if (chunk.length > 0) add();
      return sums.map((value) => value / Number(frame.size));
    },
    plain: (adjacency) =>
      Float64Array.from(outputs(adjacency, identity.mul(0).expandDims(0)).dataSync() as Float64Array),
  };
}

/** |a - b|₁ / (|a|₁ + |b|₁). */
export function relativeGap(a: Float64Array, b: Float64Array): number {
  const size = (list: Float64Array) => list.reduce((sum, value) => sum + Math.abs(value), 0);
  return size(a.map((value, i) => value - b[i])) / (size(a) + size(b));
}
