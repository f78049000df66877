import { dropout, initializers } from '@flowfield/nn';
import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  concat,
  type random,
  relu,
  type Tensor,
  type TensorLike,
  zeros,
} from '@flowfield/tensor-webgpu';
import { beside } from '../inputs/beside.ts';
import { checkedDType, checkedTolerance, checkParams } from '../inputs/params.ts';
import { type Elements, elementsOf } from '../sets/elements.ts';
import { type FlatGraphs, flatProducts, paddedProducts } from './graphRows.ts';

/** `weight` [inputs, 4 rank] and `bias` [4 rank] of U, V, Z and T side by side. */
export type LrgaParams = { weight: Tensor; bias: Tensor };

export interface LrgaOptions {
  readonly inputs: number;
  /** Columns of each of U, V, Z and T. */
  readonly rank: number;
  /** Added to the normalization η (default 1e-6). */
  readonly epsilon?: number;
  /** Probability of dropout on the result, with a key (default 0). */
  readonly dropout?: number;
  /** Default `glorotNormal`. Biases start at 0. */
  readonly weightInit?: initializers.Initializer;
  /** Default f32. */
  readonly dtype?: initializers.ParameterDType;
}

export interface LrgaApplyOptions {
  /** Which nodes are real: of padded graphs [lead…, n], or of a flat batch [nodes] that is filled up to a size of its own. */
  readonly mask?: TensorLike;
  /** The graphs of a flat batch, x [nodes, inputs]; those of padding may be any. Without it a matrix is one graph. */
  readonly batch?: FlatGraphs;
  /** For dropout; without a key there is none. */
  readonly key?: random.Key | null;
}

export interface Lrga {
  readonly orderIn: 1;
  readonly orderOut: 1;
  readonly inputs: number;
  /** 2 rank */
  readonly outputs: number;
  readonly parameterCount: number;
  init(key: random.Key): LrgaParams;
  apply(params: LrgaParams, x: Tensor, options?: LrgaApplyOptions): Tensor;
}

/**
 * Low-rank global attention: [U, V, Z, T] = relu(x W + b), y = [U (VᵀZ) / η, T] with one number η = (1/n) 1ᵀU Vᵀ1 + 1e-6 for each graph. The attention matrix
 * UVᵀ is never made: VᵀZ is first, so that work and memory grow as n. x [lead…, n, inputs] -> [lead…, n, 2 rank], padded with a mask, or [nodes, inputs] of several graphs with
 * `batch`; no graph sees another, and padding is 0. Puny et al. 2020, "Global attention improves graph networks generalization", equation 2.
 * @throws ArgumentError for unknown options or wrong numbers; `apply` throws LayerShapeError, MaskError, EmptySetError, NonFiniteInputError.
 */
export function lrga(options: LrgaOptions): Lrga {
  const op = 'lrga';
  const {
    inputs,
    rank,
    epsilon = 1e-6,
    dropout: rate = 0,
    weightInit = initializers.glorotNormal,
    dtype = 'f32',
  } = checkedOptions(op, options, ['inputs', 'rank', 'epsilon', 'dropout', 'weightInit', 'dtype']);
  checkedWhole(`${op}: inputs`, inputs);
  checkedWhole(`${op}: rank`, rank);
  checkedTolerance(`${op}: epsilon`, epsilon);
  checkedDType(op, dtype);
  checkedRate(op, rate);
  const shapes = { weight: [inputs, 4 * rank], bias: [4 * rank] };
  return {
    orderIn: 1,
    orderOut: 1,
    inputs,
    outputs: 2 * rank,
    parameterCount: (inputs + 1) * 4 * rank,
    init(key) {
      const weight = weightInit(key, shapes.weight, { dtype, fanIn: inputs, fanOut: 4 * rank });
      return { weight, bias: zeros(shapes.bias, { dtype, ...beside(weight) }) };
    },
    apply(params, x, call = {}) {
      const { mask, batch, key } = checkedOptions(`${op}: apply`, call, ['mask', 'batch', 'key']);
      checkParams(op, params, shapes);
      const nodes = graphNodes(op, x, inputs, mask, batch);
      const features = nodes.masked(relu(nodes.x.matmul(params.weight).add(params.bias)));
      const part = (at: number): Tensor => features.slice('...', [at * rank, (at + 1) * rank]);
      const [u, v, z] = [part(0), part(1), part(2)];
      const attended = batch
        ? flatProducts(op, batch, nodes.mask, features, nodes.n, rank)(u, v, z, epsilon)
        : paddedProducts(u, v, z, realCounts(nodes, u), epsilon);
      return dropout(key ?? null, concat([attended, part(3)], -1), { rate });
    },
  };
}

/** Checks node features: several graphs of a flat batch, or one graph for each of the batch axes. */
export function graphNodes(
  op: string,
  x: Tensor,
  inputs: number,
  mask: TensorLike | undefined,
  batch: FlatGraphs | undefined,
): Elements {
  const nodes = elementsOf(op, x, inputs, mask);
  if (batch === undefined) return nodes;
  const given = batch as Partial<FlatGraphs> | null;
  if (given?.graphs === undefined || given.graphOf === undefined || nodes.lead.length > 0) {
    throw new ArgumentError(
      `${op}: expected a batch { graphs, graphOf } with x [nodes, ${inputs}], got x [${x.shape.join(', ')}]. Padded graphs have batch axes and take a mask alone.`,
    );
  }
  return nodes;
}

/** Throws `ArgumentError` unless `rate` is a probability below 1. */
export function checkedRate(op: string, rate: number): void {
  if (rate >= 0 && rate < 1) return;
  throw new ArgumentError(`${op}: dropout must lie in [0, 1), got ${String(rate)}.`);
}

/** Real nodes of each graph, [lead… or none, 1, 1]. */
function realCounts({ mask, n }: Elements, like: Tensor): Tensor {
  if (mask === null) return zeros([1, 1], { dtype: like.dtype, ...beside(like) }).add(n);
  return mask.astype(like.dtype).sum({ axis: -1, keepDims: true }).maximum(1).expandDims(-1);
}
