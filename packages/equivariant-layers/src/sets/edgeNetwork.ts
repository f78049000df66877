import { type Activation, type LinearParams, linear } from '@flowfield/nn';
import { concat, diagonal, ones, random, type Tensor, where } from '@flowfield/tensor-webgpu';
import { beside } from '../inputs/beside.ts';
import { checkParams } from '../inputs/params.ts';
import { type EquivariantLinearParams, equivariantLinear } from '../permutations/equivariantLinear.ts';
import { agreeing } from '../permutations/nodeSets.ts';
import type { ElementInit } from './elementLayer.ts';
import type { Elements } from './elements.ts';

/** A layer on pairs or tuples; `diagonal` is added where both ends are the same element. */
export type EdgeParams = { all: LinearParams; diagonal?: LinearParams };

/** `first` acts on the broadcast features; `layers` are the later ones. */
export type EdgeNetworkParams = {
  first: EquivariantLinearParams | LinearParams;
  firstDiagonal?: LinearParams;
  layers: EdgeParams[];
};

export interface EdgeNetworkOptions {
  readonly order: number;
  readonly features: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly broadcast: 'S2G' | 'S2G+';
  readonly aggregate: 'mean' | 'sum';
  readonly diagonal: boolean;
  readonly activate: Activation;
  readonly init: ElementInit;
  readonly memoryLimit: number | undefined;
}

/**
 * The perceptron on every tuple of elements. Its first layer is never applied to the concatenated features of a tuple: its products are made on the elements and added by
 * broadcasting, Σ_j u_(i_j) W_j, which is the same. Diagonal layers see the diagonal alone.
 */
export function edgeNetwork(op: string, options: EdgeNetworkOptions) {
  const { order, features, hidden, outputs, broadcast, diagonal: own, activate, init } = options;
  const widths = [...hidden, outputs];
  const ends = broadcast === 'S2G' ? linear({ inputs: order * features, outputs: widths[0], ...init }) : null;
  const shapes = { weight: [order * features, widths[0]], bias: [widths[0]] };
  const maps =
    broadcast === 'S2G'
      ? null
      : equivariantLinear({
          orderIn: 1,
          orderOut: order,
          channelsIn: features,
          channelsOut: widths[0],
          normalize: options.aggregate,
          ...(init.weightInit ? { weightInit: init.weightInit } : {}),
          ...(init.dtype ? { dtype: init.dtype } : {}),
          ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
        });
  const diagonalFirst = own && ends ? linear({ inputs: order * features, outputs: widths[0], ...init }) : null;
  const later = widths.slice(1).map((width, i) => ({
    all: linear({ inputs: widths[i], outputs: width, ...init }),
    diagonal: own ? linear({ inputs: widths[i], outputs: width, ...init }) : null,
  }));
  const size = (inputs: number, width: number): number => (inputs + 1) * width;
  const firstCount = maps ? maps.parameterCount : size(order * features, widths[0]);

  return {
    widest: Math.max(...widths),
    parameterCount:
      firstCount +
      (diagonalFirst ? size(order * features, widths[0]) : 0) +
      widths.slice(1).reduce((total, width, i) => total + (own ? 2 : 1) * size(widths[i], width), 0),
    init(key: random.Key): EdgeNetworkParams {
      const [firstKey, diagonalKey, ...keys] = random.split(key, 2 + 2 * later.length);
      return {
        first: (ends ?? (maps as NonNullable<typeof maps>)).init(firstKey),
        ...(diagonalFirst ? { firstDiagonal: diagonalFirst.init(diagonalKey) } : {}),
        layers: later.map((layer, i) => ({
          all: layer.all.init(keys[2 * i]),
          ...(layer.diagonal ? { diagonal: layer.diagonal.init(keys[2 * i + 1]) } : {}),
        })),
      };
    },
    apply(params: EdgeNetworkParams, u: Tensor, elements: Elements): Tensor {
      const masked = elements.masked(u);
      let h: Tensor;
      if (maps) {
        h = maps.apply(params.first as EquivariantLinearParams, masked, elements.mask ? { mask: elements.mask } : {});
      } else {
        checkParams(op, params.first, shapes);
        h = endsAdded(masked, params.first as LinearParams, order);
        if (diagonalFirst) {
          const own = params.firstDiagonal as LinearParams;
          checkParams(op, own, shapes);
          h = addedOnDiagonal(h, sameEnds(masked, own));
        }
      }
      later.forEach((layer, i) => {
        const before = activate(h);
        const { all, diagonal: extra } = params.layers[i];
        h = layer.all.apply(all, before);
        if (layer.diagonal) {
          const along = diagonal(before, elements.lead.length, elements.lead.length + 1).swapaxes(-1, -2);
          h = addedOnDiagonal(h, layer.diagonal.apply(extra as LinearParams, along));
        }
      });
      return h;
    },
  };
}

/** Σ_j u_(i_j) W_j + b with the last end first: E_ij = u_j W_0 + u_i W_1 + b. The bias is the weight of an element's constant 1, so that its derivative needs no pass over tuples. */
function endsAdded(u: Tensor, { weight, bias }: LinearParams, order: number): Tensor {
  const lead = u.shape.length - 2;
  const parts = Array.from({ length: order }, (_, k) => {
    const own = block(weight, u, k);
    const y = k === 0 ? withOne(u).matmul(concat([own, (bias as Tensor).expandDims(0)], 0)) : u.matmul(own);
    const axis = order - 1 - k;
    const extents = Array.from({ length: order }, (__, i) => (i === axis ? u.shape[lead] : 1));
    return y.reshape([...u.shape.slice(0, lead), ...extents, y.shape[lead + 1]]);
  });
  return parts.reduce((total, one) => total.add(one));
}

/** u with a last feature that is 1. */
const withOne = (u: Tensor): Tensor =>
  concat([u, ones([...u.shape.slice(0, -1), 1], { dtype: u.dtype, ...beside(u) })], -1);

/** The layer on pairs [u_i, u_i], as one product on the elements: u_i (W_0 + W_1) + b. */
const sameEnds = (u: Tensor, { weight, bias }: LinearParams): Tensor =>
  u.matmul(block(weight, u, 0).add(block(weight, u, 1))).add(bias as Tensor);

/** The rows of a weight that act on end k. */
function block(weight: Tensor, u: Tensor, k: number): Tensor {
  const features = u.shape[u.shape.length - 1];
  return weight.slice([k * features, (k + 1) * features]);
}

/** h [lead…, n, n, c] with d [lead…, n, c] added where both indices are the same. */
function addedOnDiagonal(h: Tensor, d: Tensor): Tensor {
  const n = d.shape[d.shape.length - 2];
  return h.add(where(agreeing(d, n, 0, 1, 2), d.expandDims(-2), 0));
}
