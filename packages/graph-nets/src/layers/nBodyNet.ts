import { type initializers, type Layer, type LinearParams, linear } from '@flowfield/nn';
import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkTensor,
  concat,
  random,
  silu,
  type Tensor,
} from '@flowfield/tensor-webgpu';
import { type PaddedGraphs, type SparseGraphs, type Topology, topologyOf } from '../messages/topology.ts';
import type { GraphLayer } from './gin.ts';

type Pair = [LinearParams, LinearParams];

export type NBodyNetParams = { input: LinearParams; layers: { edge: Pair; node: Pair }[]; output: Pair };

export interface NBodyNetOptions {
  /** Numbers given for each node, such as position and velocity. */
  readonly inputs: number;
  /** Numbers given for each arc, such as products of charges and squared distances (default 0). */
  readonly edges?: number;
  /** Numbers given by the network for each node, such as a position. */
  readonly outputs: number;
  /** Features of a node (default 60). */
  readonly width?: number;
  /** Rounds of messages (default 4). */
  readonly layers?: number;
  /** Default f32. */
  readonly dtype?: initializers.ParameterDType;
}

/**
 * The graph network for particles: h = Linear(x); in each round messages e_ij = MLP([h_i, h_j, edge_ji]) with SiLU after both layers, and
 * h_i + MLP([h_i, Σ_j e_ij]); last an MLP on every node. The plain baseline of Satorras et al. 2021, and the backbone that frames make equivariant (Puny et al. 2022,
 * section 5.3).
 * @throws ArgumentError for unknown options or wrong numbers; `apply` throws LayerShapeError, MaskError, GraphError.
 */
export function nBodyNet(options: NBodyNetOptions): GraphLayer<NBodyNetParams> {
  const op = 'nBodyNet';
  const {
    inputs,
    edges = 0,
    outputs,
    width = 60,
    layers: rounds = 4,
    dtype = 'f32',
  } = checkedOptions(op, options, ['inputs', 'edges', 'outputs', 'width', 'layers', 'dtype']);
  checkedWhole(`${op}: inputs`, inputs);
  checkedWhole(`${op}: outputs`, outputs);
  checkedWhole(`${op}: edges`, edges, 0);
  checkedWhole(`${op}: width`, width);
  checkedWhole(`${op}: layers`, rounds);
  const pair = (from: number, to: number): [Layer<LinearParams>, Layer<LinearParams>] => [
    linear({ inputs: from, outputs: width, dtype }),
    linear({ inputs: width, outputs: to, dtype }),
  ];
  const input = linear({ inputs, outputs: width, dtype });
  const layers = Array.from({ length: rounds }, () => ({
    edge: pair(2 * width + edges, width),
    node: pair(2 * width, width),
  }));
  const last = pair(width, outputs);

  return {
    inputs,
    outputs,
    init(key) {
      const [inputKey, outputKey, ...keys] = random.split(key, rounds + 2);
      return {
        input: input.init(inputKey),
        layers: layers.map(({ edge, node }, i) => {
          const [edgeKey, nodeKey] = random.split(keys[i]);
          return { edge: initPair(edge, edgeKey), node: initPair(node, nodeKey) };
        }),
        output: initPair(last, outputKey),
      };
    },
    apply(params, x, graph, call = {}) {
      const { edges: given } = checkedOptions(`${op}: apply`, call, ['edges']);
      const topology = topologyOf(op, x, graph, inputs);
      const found = Array.isArray(params?.layers) ? params.layers.length : 'no list of';
      if (found !== rounds) {
        throw new ArgumentError(
          `${op}: expected parameters { input, layers [${rounds}], output }, got ${found} layers. Draw them with init(key) of a network with the same options.`,
        );
      }
      if ((given !== undefined) !== edges > 0) {
        throw new ArgumentError(
          `${op}: the option edges is ${edges}, got ${given === undefined ? 'no' : 'such'} features of arcs. Give them exactly where the network takes some.`,
        );
      }
      const rows = given && topology.edgeFeatures(given, edges);
      let h = input.apply(params.input, topology.x);
      params.layers.forEach((round, i) => {
        const total = topology.reduced(messages(h, round.edge, rows, topology), 'sum');
        h = h.add(applyPair(layers[i].node, round.node, concat([h, total], -1)));
      });
      return topology.masked(applyPair(last, params.output, h));
    },
  };
}

/** |x_j - x_i|² for every arc, [arcs, 1] or [lead…, n, n, 1]: 0 with derivative 0 where both ends coincide. */
export function squaredDistances(points: Tensor, graph: SparseGraphs | PaddedGraphs): Tensor {
  checkTensor('squaredDistances', 'points', points);
  const topology = topologyOf('squaredDistances', points, graph, points.shape[points.shape.length - 1]);
  return topology.atSources(topology.x).sub(topology.atTargets(topology.x)).square().sum({ axis: -1, keepDims: true });
}

const initPair = ([first, second]: readonly Layer<LinearParams>[], key: random.Key): Pair => {
  const [a, b] = random.split(key);
  return [first.init(a), second.init(b)];
};

const applyPair = ([first, second]: readonly Layer<LinearParams>[], [a, b]: Pair, x: Tensor): Tensor =>
  second.apply(b, silu(first.apply(a, x)));

/** The first layer acts on both ends apart, before their features are brought to the arcs. */
function messages(h: Tensor, [first, second]: Pair, edges: Tensor | undefined, topology: Topology): Tensor {
  const width = h.shape[h.shape.length - 1];
  const block = (from: number, to: number | null): Tensor => first.weight.slice([from, to]);
  const receiving = topology.atTargets(h.matmul(block(0, width)));
  const sending = topology.atSources(h.matmul(block(width, 2 * width)));
  const ends = receiving.add(sending).add(first.bias as Tensor);
  const inner = silu(edges ? ends.add(edges.matmul(block(2 * width, null))) : ends);
  return silu(inner.matmul(second.weight).add(second.bias as Tensor));
}
