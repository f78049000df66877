import { initializers, type LinearParams } from '@flowfield/nn';
import type { random, Shape, Tensor } from '@flowfield/tensor-webgpu';
import { random as draws } from '@flowfield/tensor-webgpu';
import { checkParams } from '../inputs/params.ts';
import type { Aggregate, Elements } from './elements.ts';

/** `weight` [terms, inputs, outputs], one matrix for each term of the layer; `bias` [outputs], or [2, outputs] with `bias: 'both'`; `query` and `key` of layers with attention. */
export type ElementParams = { weight: Tensor; bias?: Tensor; query?: LinearParams; key?: LinearParams };

/** A linear layer on the elements of a set whose weights are one matrix for each term. */
export interface ElementLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly parameterCount: number;
  init(key: random.Key): ElementParams;
  apply(params: ElementParams, h: Tensor, elements: Elements): Tensor;
}

/** How matrices and biases of element layers are drawn. */
export interface ElementInit {
  /** Default `fanInUniform`, as in PyTorch. */
  readonly weightInit?: initializers.Initializer;
  /** Default `fanInUniform`, as in PyTorch. */
  readonly biasInit?: initializers.Initializer;
  /** Default f32. */
  readonly dtype?: initializers.ParameterDType;
}

/** What layers of one kind compute: the sum of their terms, without bias. */
export interface ElementKind {
  readonly terms: number;
  mixed(weight: Tensor, h: Tensor, elements: Elements): Tensor;
}

/** How the mean (or another reduction) m of the set enters a transmission layer. */
export type TransmissionForm = 'deviation' | 'context';

/** x W. */
export const pointwise: ElementKind = { terms: 1, mixed: (weight, h) => h.matmul(weight.at(0)) };

/** x W1 + (x - m) W2 as one product x (W1 + W2) over the elements and one - m W2 over the sets; or x W1 + m W2. */
export const transmissionKind = (form: TransmissionForm, aggregate: Aggregate): ElementKind => ({
  terms: 2,
  mixed(weight, h, elements) {
    const context = elements.aggregate(h, aggregate).matmul(weight.at(1));
    if (form === 'context') return h.matmul(weight.at(0)).add(context);
    return h.matmul(weight.sum({ axis: 0 })).sub(context);
  },
});

/** x W1 + (x - m) W2 + m² W3 + mean(x²) W4 + (m ⊙ x) W5, products entry by entry. */
export const quadratic: ElementKind = {
  terms: 5,
  mixed(weight, h, elements) {
    const mean = elements.aggregate(h, 'mean');
    const own = h.matmul(weight.at(0).add(weight.at(1))).add(h.mul(mean).matmul(weight.at(4)));
    const shared = mean
      .square()
      .matmul(weight.at(2))
      .add(elements.aggregate(h.square(), 'mean').matmul(weight.at(3)))
      .sub(mean.matmul(weight.at(1)));
    return own.add(shared);
  },
};

/** The layer of one kind: the sum of its terms and a bias. */
export function elementLayer(
  op: string,
  { terms, mixed }: ElementKind,
  size: { readonly inputs: number; readonly outputs: number; readonly bias: boolean | 'both' },
  { weightInit = initializers.fanInUniform, biasInit = initializers.fanInUniform, dtype = 'f32' }: ElementInit,
): ElementLayer {
  const { inputs, outputs, bias } = size;
  const shapes: Record<string, Shape> = {
    weight: [terms, inputs, outputs],
    ...(bias === false ? {} : { bias: bias === 'both' ? [2, outputs] : [outputs] }),
  };
  const context = { dtype, fanIn: inputs, fanOut: outputs };
  return {
    inputs,
    outputs,
    parameterCount: terms * inputs * outputs + (bias === 'both' ? 2 : bias ? 1 : 0) * outputs,
    init(key) {
      const [weightKey, biasKey] = draws.split(key);
      const weight = weightInit(weightKey, shapes.weight, context);
      return bias === false ? { weight } : { weight, bias: biasInit(biasKey, shapes.bias, context) };
    },
    apply(params, h, elements) {
      checkParams(op, params, shapes);
      const y = mixed(params.weight, h, elements);
      if (!params.bias) return y;
      return y.add(bias === 'both' ? params.bias.sum({ axis: 0 }) : params.bias);
    },
  };
}
