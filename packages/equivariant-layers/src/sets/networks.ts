import { ArgumentError, checkedOptions, concat } from '@flowfield/tensor-webgpu';
import { checkedFlag } from '../inputs/params.ts';
import { attentiveLayer } from './attentiveLayer.ts';
import { elementLayer, pointwise, quadratic, type TransmissionForm } from './elementLayer.ts';
import type { Aggregate } from './elements.ts';
import {
  checkedNetwork,
  checkedPlace,
  type SetNetworkOptions,
  type SetNetworkParams,
  setNetwork,
  setNetworkOptionNames,
} from './setNetwork.ts';
import { checkedAggregate, checkedBias, checkedTransmission, type SetLayer } from './transmission.ts';
import { unitRows } from './unitRows.ts';

/**
 * The same perceptron on every element: x_i -> g(x_i); with `pool`, PointNet's classifier head(max_i g(x_i)). Not universal among equivariant
 * functions: row i sees x_i alone. Qi et al. 2017, "PointNet".
 * @throws ArgumentError for unknown options or wrong numbers; `apply` throws LayerShapeError, MaskError, EmptySetError,
 *   NonFiniteInputError.
 */
export function pointNet(options: SetNetworkOptions): SetLayer<SetNetworkParams> {
  const op = 'pointNet';
  const given = checkedOptions(op, options, setNetworkOptionNames);
  return pointNetNormalized(op, given, false);
}

/** `pointNet` with features of unit length after every layer, as siamese networks on pairs have. */
export function pointNetNormalized(
  op: string,
  options: SetNetworkOptions,
  normalize: boolean,
): SetLayer<SetNetworkParams> {
  const { init } = checkedNetwork(op, options);
  return setNetwork(op, options, {
    step: (_, widths, outputs) => ({
      layer: elementLayer(op, pointwise, { inputs: widths[widths.length - 1], outputs, bias: true }, init),
    }),
    ...(normalize ? { after: unitRows } : {}),
  });
}

export interface PointNetSTOptions extends SetNetworkOptions {
  /** Which layer is the transmission layer, 0 the first (default the middle one: 3 of 6). */
  readonly transmissionAt?: number;
  readonly form?: TransmissionForm;
  /** What the transmission layer takes of the set (default 'mean'). */
  readonly aggregate?: Aggregate;
}

/**
 * PointNet with one `transmission` layer in the middle: universal among continuous equivariant functions of sets. Segol & Lipman 2020,
 * theorem 1.
 * @throws as `pointNet`; ArgumentError for a place that is none.
 */
export function pointNetST(options: PointNetSTOptions): SetLayer<SetNetworkParams> {
  const op = 'pointNetST';
  const { transmissionAt, form, aggregate, ...given } = checkedOptions(op, options, [
    ...setNetworkOptionNames,
    'transmissionAt',
    'form',
    'aggregate',
  ]);
  const { widths, init } = checkedNetwork(op, given);
  const special = checkedPlace(op, 'transmissionAt', transmissionAt, widths.length);
  const kind = checkedTransmission(op, form, aggregate);
  return setNetwork(op, given, {
    step: (at, before, outputs) => ({
      layer: elementLayer(
        op,
        at === special ? kind : pointwise,
        { inputs: before[before.length - 1], outputs, bias: true },
        init,
      ),
    }),
  });
}

export interface PointNetQTOptions extends SetNetworkOptions {
  /** Which layer is the quadratic one, 0 the first (default the middle one: 3 of 6). */
  readonly quadraticAt?: number;
}

/**
 * PointNet with one `quadraticTransmission` layer in the middle. Segol & Lipman 2020, section 5.
 * @throws as `pointNet`; ArgumentError for a place that is none.
 */
export function pointNetQT(options: PointNetQTOptions): SetLayer<SetNetworkParams> {
  const op = 'pointNetQT';
  const { quadraticAt, ...given } = checkedOptions(op, options, [...setNetworkOptionNames, 'quadraticAt']);
  const { widths, init } = checkedNetwork(op, given);
  const special = checkedPlace(op, 'quadraticAt', quadraticAt, widths.length);
  return setNetwork(op, given, {
    step: (at, before, outputs) => ({
      layer: elementLayer(
        op,
        at === special ? quadratic : pointwise,
        { inputs: before[before.length - 1], outputs, bias: true },
        init,
      ),
    }),
  });
}

export interface PointNetSegOptions extends SetNetworkOptions {
  /** Which layer sees [x¹, reduced xᵏ] in place of xᵏ alone, 1 the second (default the middle one: 3 of 6). */
  readonly joinedAt?: number;
  /** What is taken of the set (default 'mean'; 'max' in the original PointNet). */
  readonly aggregate?: Aggregate;
}

/**
 * PointNet's segmentation network: the features x¹ after the first layer, joined with the mean (or maximum) over the set of the features xᵏ before layer k, and
 * pointwise layers after. Qi et al. 2017; universal by Segol & Lipman 2020, corollary 1.
 * @throws as `pointNet`; ArgumentError for a place that is none.
 */
export function pointNetSeg(options: PointNetSegOptions): SetLayer<SetNetworkParams> {
  const op = 'pointNetSeg';
  const {
    joinedAt,
    aggregate = 'mean',
    ...given
  } = checkedOptions(op, options, [...setNetworkOptionNames, 'joinedAt', 'aggregate']);
  const { widths, init } = checkedNetwork(op, given);
  const special = checkedPlace(op, 'joinedAt', joinedAt, widths.length, 1);
  checkedAggregate(`${op}: aggregate`, aggregate);
  return setNetwork(op, given, {
    step(at, before, outputs) {
      const last = before[before.length - 1];
      if (at !== special) return { layer: elementLayer(op, pointwise, { inputs: last, outputs, bias: true }, init) };
      return {
        layer: elementLayer(op, pointwise, { inputs: before[1] + last, outputs, bias: true }, init),
        joined(made, elements) {
          const own = made[1];
          const context = elements.aggregate(made[made.length - 1], aggregate);
          return concat([own, context.broadcastTo([...own.shape.slice(0, -1), last])], -1);
        },
      };
    },
  });
}

export interface DeepSetsOptions extends SetNetworkOptions {
  readonly form?: TransmissionForm;
  /** What every layer takes of the set (default 'mean'); with 'attention' x W1 + Σ_j a_ij x_j W2, weights by attention (Serviansky et al. 2020). */
  readonly aggregate?: Aggregate | 'attention';
  /** Divide the features of each element by their length + 1e-8 after every layer, before the activation (default false). */
  readonly normalize?: boolean;
  /** Of every layer; see `transmission` (default true). */
  readonly bias?: boolean | 'both';
}

/**
 * A `transmission` layer at every place: x_i W1 + (x_i - m) W2 + b with an activation between; with `pool`, the invariant form.
 * Zaheer et al. 2017, "Deep sets".
 * @throws as `pointNet`.
 */
export function deepSets(options: DeepSetsOptions): SetLayer<SetNetworkParams> {
  const op = 'deepSets';
  const {
    form,
    aggregate,
    normalize = false,
    bias,
    ...given
  } = checkedOptions(op, options, [...setNetworkOptionNames, 'form', 'aggregate', 'normalize', 'bias']);
  const { init } = checkedNetwork(op, given);
  const attentive = aggregate === 'attention';
  if (attentive && form !== undefined) {
    throw new ArgumentError(`${op}: form is for means, sums and maxima, got it with attention. Leave form out.`);
  }
  const kind = checkedTransmission(op, form, attentive ? undefined : aggregate);
  const biases = checkedBias(op, bias);
  checkedFlag(`${op}: normalize`, normalize);
  return setNetwork(op, given, {
    step(_, before, outputs) {
      const size = { inputs: before[before.length - 1], outputs, bias: biases };
      return { layer: attentive ? attentiveLayer(op, size, init) : elementLayer(op, kind, size, init) };
    },
    ...(normalize ? { after: unitRows } : {}),
  });
}
