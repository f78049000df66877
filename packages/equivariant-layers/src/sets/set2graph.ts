import { type Activation, type ActivationName, activation as activationNamed } from '@flowfield/nn';
import { ArgumentError, checkedOptions, checkedWhole, random, type Tensor, where } from '@flowfield/tensor-webgpu';
import { checkedChoice } from '../inputs/choice.ts';
import { checkedDType, checkedFlag } from '../inputs/params.ts';
import { edgeMemoryGuard } from './edgeMemory.ts';
import { type EdgeNetworkParams, edgeNetwork } from './edgeNetwork.ts';
import type { ElementInit } from './elementLayer.ts';
import { type Elements, elementsOf } from './elements.ts';
import { deepSets, pointNetNormalized } from './networks.ts';
import { checkedWidths, type SetNetworkParams } from './setNetwork.ts';
import type { SetApplyOptions } from './transmission.ts';

export type Set2GraphParams = { set: SetNetworkParams; edge: EdgeNetworkParams };

export interface Set2GraphOptions extends ElementInit {
  /** Numbers given for each element. */
  readonly inputs: number;
  /** Widths of φ, the layers on elements; the last one is the number of features that are broadcast. */
  readonly set: readonly number[];
  /** Widths of the hidden layers of ψ, the perceptron on pairs. */
  readonly edge: readonly number[];
  /** Numbers given for each pair (default 1). */
  readonly outputs?: number;
  /** Elements of an edge: 2 (default) for pairs, 3 for triplets, …; memory grows as n to this power. */
  readonly order?: number;
  /** What ψ sees: 'S2G' (default) the features of the ends; 'S2G+' all linear equivariant maps, five for pairs. */
  readonly broadcast?: 'S2G' | 'S2G+';
  /** What 'S2G+' takes of the set (default 'mean'). */
  readonly aggregate?: 'mean' | 'sum';
  /** What elements see of their set in φ: its mean (default), its elements weighted by attention, or nothing, a siamese network. */
  readonly context?: 'mean' | 'attention' | 'none';
  /** Divide the features of an element by their length + 1e-8 after every layer of φ (default true). */
  readonly normalize?: boolean;
  /** Weights of their own for pairs of an element with itself, in every layer of ψ (default false; pairs only). */
  readonly diagonal?: boolean;
  /** 'symmetric' (default): the mean over all orders of the ends; 'directed': as ψ gives them. */
  readonly output?: 'symmetric' | 'directed';
  /** Default 'relu'. */
  readonly activation?: ActivationName | Activation;
  /** Bytes that the features of all pairs may take in one layer (default 1 GiB); for order 3 and more a warning is given from a quarter of it. */
  readonly memoryLimit?: number;
}

export interface Set2Graph {
  readonly orderIn: 1;
  readonly orderOut: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly parameterCount: number;
  init(key: random.Key): Set2GraphParams;
  /** x [lead…, n, inputs] -> [lead…, n, …, n, outputs], 0 where an end is padding. */
  apply(params: Set2GraphParams, x: Tensor, options?: SetApplyOptions): Tensor;
}

const optionNames = [
  'inputs',
  'set',
  'edge',
  'outputs',
  'order',
  'broadcast',
  'aggregate',
  'context',
  'normalize',
  'diagonal',
  'output',
  'activation',
  'memoryLimit',
  'weightInit',
  'biasInit',
  'dtype',
] as const satisfies readonly (keyof Set2GraphOptions)[];

/**
 * ψ ∘ β ∘ φ: a DeepSets network φ with features u_i for each element, a broadcast β to pairs without parameters, and one
 * perceptron ψ on every pair, E_ij = ψ([u_j, u_i]): universal among continuous functions from sets to graphs. Edges are where
 * the output is at least 0, by convention. The first layer of ψ is made on the elements, W [u_j, u_i] = W_0 u_j + W_1 u_i, so that
 * nothing of size n x n x 2m is made. Serviansky et al. 2020, "Set2Graph: learning graphs from sets".
 * @throws ArgumentError for unknown options or wrong numbers; `apply` throws MemoryLimitError for tuples that would not fit,
 *   LayerShapeError, MaskError, EmptySetError, NonFiniteInputError.
 */
export function set2Graph(options: Set2GraphOptions): Set2Graph {
  const op = 'set2Graph';
  const given = checkedOptions(op, options, optionNames);
  const {
    set,
    edge,
    outputs = 1,
    order = 2,
    broadcast = 'S2G',
    aggregate = 'mean',
    context = 'mean',
    normalize = true,
    diagonal = false,
    output = 'symmetric',
    activation = 'relu',
    weightInit,
    biasInit,
    dtype = 'f32',
  } = given;
  const inputs = checkedWhole(`${op}: inputs`, given.inputs);
  checkedWhole(`${op}: outputs`, outputs);
  checkedWhole(`${op}: order`, order, 2);
  if (checkedWidths(op, 'set', set).length === 0)
    throw new ArgumentError(`${op}: expected at least one width in set, got []. The last one is what is broadcast.`);
  checkedWidths(op, 'edge', edge);
  checkedChoice(`${op}: broadcast`, broadcast, ['S2G', 'S2G+']);
  checkedChoice(`${op}: aggregate`, aggregate, ['mean', 'sum']);
  checkedChoice(`${op}: context`, context, ['mean', 'attention', 'none']);
  checkedChoice(`${op}: output`, output, ['symmetric', 'directed']);
  for (const [name, flag] of Object.entries({ normalize, diagonal })) checkedFlag(`${op}: ${name}`, flag);
  checkedDType(op, dtype);
  if (diagonal && order !== 2) {
    throw new ArgumentError(`${op}: diagonal is for pairs, got order ${order}. Leave it out.`);
  }
  const guard = edgeMemoryGuard(op, order, given.memoryLimit);
  const init: ElementInit = { dtype, ...(weightInit ? { weightInit } : {}), ...(biasInit ? { biasInit } : {}) };
  const features = set[set.length - 1];
  const phi = { inputs, hidden: set.slice(0, -1), outputs: features, activation, ...init };
  const sets =
    context === 'none'
      ? pointNetNormalized(op, phi, normalize)
      : deepSets({ ...phi, normalize, bias: 'both', aggregate: context });
  const edges = edgeNetwork(op, {
    order,
    features,
    hidden: edge,
    outputs,
    broadcast,
    aggregate,
    diagonal,
    activate: activationNamed(activation),
    init,
    memoryLimit: given.memoryLimit,
  });

  return {
    orderIn: 1,
    orderOut: order,
    inputs,
    outputs,
    parameterCount: sets.parameterCount + edges.parameterCount,
    init(key) {
      const [setKey, edgeKey] = random.split(key);
      return { set: sets.init(setKey), edge: edges.init(edgeKey) };
    },
    apply(params, x, call = {}) {
      const { mask } = checkedOptions(`${op}: apply`, call, ['mask']);
      checkParts(op, params, edge.length);
      const elements = elementsOf(op, x, inputs, mask);
      const tuples = Array.from({ length: order }, () => elements.n);
      guard([...elements.lead, ...tuples, edges.widest], dtype === 'f64' ? 8 : 4);
      const u = sets.apply(params.set, elements.x, elements.mask ? { mask: elements.mask } : {});
      const y = edges.apply(params.edge, u, elements);
      return maskedTuples(output === 'symmetric' ? symmetric(y, order, elements) : y, order, elements);
    },
  };
}

/** The mean over all orders of the ends, the same to the last bit for each. */
function symmetric(y: Tensor, order: number, { lead, n }: Elements): Tensor {
  const start = lead.length;
  const batch = lead.map((_, i) => i);
  if (order === 2) return y.add(y.swapaxes(start, start + 1)).mul(0.5);
  const orders = permutations(order);
  const total = orders
    .map((ends) => y.transpose([...batch, ...ends.map((end) => start + end), start + order]))
    .reduce((sum, one) => sum.add(one))
    .mul(1 / orders.length);
  // Sums in different orders differ in their last bits: every tuple takes the value of the sorted one.
  const flat = total.reshape([...lead, n ** order, y.shape[start + order]]);
  return flat.take(sortedTuples(n, order), { axis: start }).reshape(total.shape);
}

function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((rest) =>
    Array.from({ length: count }, (_, at) => rest.toSpliced(at, 0, count - 1)),
  );
}

/** For each tuple of `order` numbers below n, in row-major order, the place of the same numbers in ascending order. */
function sortedTuples(n: number, order: number): Int32Array {
  return Int32Array.from({ length: n ** order }, (_, place) => {
    const tuple = Array.from({ length: order }, (__, i) => Math.floor(place / n ** (order - 1 - i)) % n);
    return tuple.sort((a, b) => a - b).reduce((at, digit) => at * n + digit, 0);
  });
}

/** 0 where any end is padding. */
function maskedTuples(y: Tensor, order: number, { mask, lead, n }: Elements): Tensor {
  if (mask === null) return y;
  const flags = Array.from({ length: order }, (_, axis) =>
    mask.reshape([...lead, ...Array.from({ length: order }, (__, i) => (i === axis ? n : 1)), 1]),
  ).reduce((both, one) => both.logicalAnd(one));
  return where(flags, y, 0);
}

function checkParts(op: string, params: Set2GraphParams, layers: number): void {
  const found = Array.isArray(params?.edge?.layers) ? params.edge.layers.length : 'no list of';
  if (params?.set && params.edge?.first && found === layers) return;
  throw new ArgumentError(
    `${op}: expected parameters { set, edge { first, layers [${layers}] } }, got ${found} layers. Draw them with init(key) of a network with the same options.`,
  );
}
