import {
  type Activation,
  type ActivationName,
  type initializers,
  type LinearParams,
  linear,
  type MlpParams,
  mlp,
} from '@flowfield/nn';
import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  random,
  relu,
  ShapeError,
  type Tensor,
  tensor,
} from '@flowfield/tensor-webgpu';
import { checkedReduce, type PaddedGraphs, type Reduce, type SparseGraphs, topologyOf } from '../messages/topology.ts';

/** `epsilon` [] where it is learned; `edge` where arcs have features. */
export type GinParams = { mlp: MlpParams; epsilon?: Tensor; edge?: LinearParams };

export interface GinOptions {
  readonly inputs: number;
  /** Widths of the hidden layers of the perceptron (default [outputs]). */
  readonly hidden?: readonly number[];
  readonly outputs: number;
  /** Numbers given for each arc (default 0: plain GIN). */
  readonly edges?: number;
  /** Default 0. */
  readonly epsilon?: number;
  /** Whether epsilon is a parameter (default false). */
  readonly learnEpsilon?: boolean;
  /** Default 'sum', which tells multisets apart. */
  readonly reduce?: Reduce;
  /** Of the perceptron (default 'relu'). */
  readonly activation?: ActivationName | Activation;
  /** After the last layer of the perceptron (default none). */
  readonly outputActivation?: ActivationName | Activation;
  readonly weightInit?: initializers.Initializer;
  readonly biasInit?: initializers.Initializer;
  /** Default f32. */
  readonly dtype?: initializers.ParameterDType;
}

export interface GraphApplyOptions {
  /** Features of arcs, [arcs, edges] or [lead…, n, n, edges]. */
  readonly edges?: Tensor;
}

/** A layer on the nodes of a graph: x [nodes, inputs] over arcs, or [lead…, n, inputs] over padded graphs. */
export interface GraphLayer<P> {
  readonly inputs: number;
  readonly outputs: number;
  init(key: random.Key): P;
  apply(params: P, x: Tensor, graph: SparseGraphs | PaddedGraphs, options?: GraphApplyOptions): Tensor;
}

/**
 * h_i = MLP((1 + ε) x_i + Σ_{j -> i} x_j), as strong as the Weisfeiler–Leman test (Xu et al. 2019, equation 4.1). With features of arcs GINE: messages
 * relu(x_j + e_ji W) (Hu et al. 2020, section 5). Padding is 0 in the output.
 * @throws ArgumentError for unknown options or wrong numbers; `apply` throws LayerShapeError, MaskError, and GraphError for arcs to nodes that are not there.
 */
export function gin(options: GinOptions): GraphLayer<GinParams> {
  const op = 'gin';
  const {
    inputs,
    outputs,
    hidden = [outputs],
    edges = 0,
    epsilon = 0,
    learnEpsilon = false,
    reduce = 'sum',
    activation = 'relu',
    dtype = 'f32',
    outputActivation,
    ...init
  } = checkedOptions(op, options, [
    'inputs',
    'hidden',
    'outputs',
    'edges',
    'epsilon',
    'learnEpsilon',
    'reduce',
    'activation',
    'outputActivation',
    'weightInit',
    'biasInit',
    'dtype',
  ]);
  checkedWhole(`${op}: inputs`, inputs);
  checkedWhole(`${op}: outputs`, outputs);
  checkedWhole(`${op}: edges`, edges, 0);
  checkedReduce(`${op}: reduce`, reduce);
  if (!Number.isFinite(epsilon)) throw new ArgumentError(`${op}: epsilon must be a finite number, got ${epsilon}.`);
  if (typeof learnEpsilon !== 'boolean')
    throw new ArgumentError(`${op}: learnEpsilon must be true or false, got ${String(learnEpsilon)}.`);
  const net = mlp({ inputs, hidden, outputs, activation, outputActivation, dtype, ...init });
  const edge = edges > 0 ? linear({ inputs: edges, outputs: inputs, dtype, ...init }) : null;

  return {
    inputs,
    outputs,
    init(key) {
      const [netKey, edgeKey] = random.split(key);
      return {
        mlp: net.init(netKey),
        ...(learnEpsilon ? { epsilon: tensor(epsilon, { dtype, device: key?.device?.name }) } : {}),
        ...(edge ? { edge: edge.init(edgeKey) } : {}),
      };
    },
    apply(params, x, graph, call = {}) {
      const { edges: given } = checkedOptions(`${op}: apply`, call, ['edges']);
      const topology = topologyOf(op, x, graph, inputs);
      if ((params?.epsilon !== undefined) !== learnEpsilon || (params.edge !== undefined) !== (edge !== null)) {
        throw new ArgumentError(
          `${op}: expected parameters { mlp${learnEpsilon ? ', epsilon' : ''}${edge ? ', edge' : ''} }. Draw them with init(key) of a layer with the same options.`,
        );
      }
      if (params.epsilon && params.epsilon.shape.length > 0)
        throw new ShapeError(`${op}: expected epsilon of shape [], got [${params.epsilon.shape.join(', ')}].`);
      if ((given !== undefined) !== (edge !== null)) {
        throw new ArgumentError(
          `${op}: the option edges is ${edges}, got ${given === undefined ? 'no' : 'such'} features of arcs. Give them exactly where the layer takes some.`,
        );
      }
      const rows = given ? topology.edgeFeatures(given, edges) : null;
      const sent =
        edge && rows ? relu(topology.atSources(topology.x).add(edge.apply(params.edge as LinearParams, rows))) : null;
      const around = sent ? topology.reduced(sent, reduce) : topology.neighbours(topology.x, reduce);
      const own = params.epsilon ? topology.x.mul(params.epsilon.add(1)) : topology.x.mul(1 + epsilon);
      return topology.masked(net.apply(params.mlp, own.add(around)));
    },
  };
}
