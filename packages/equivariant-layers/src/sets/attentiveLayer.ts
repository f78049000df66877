import { attention, type LinearParams, linear } from '@flowfield/nn';
import { ArgumentError, random, tanh } from '@flowfield/tensor-webgpu';
import { type ElementInit, type ElementKind, type ElementLayer, elementLayer } from './elementLayer.ts';

/** Queries and keys have a tenth of the features, at least one (Serviansky et al. 2020). */
const SHARE = 10;

/** x W1 + m W2, where m is given. */
const joined: ElementKind = {
  terms: 2,
  mixed: (weight, h, { x: context }) => h.matmul(weight.at(0)).add(context.matmul(weight.at(1))),
};

/**
 * x_i W1 + Σ_j a_ij x_j W2 with a_i = softmax over j of key(x_i) · tanh(query(x_j)) / √size: the set as each element sees it, in place of its mean. Memory grows as n².
 */
export function attentiveLayer(
  op: string,
  size: { readonly inputs: number; readonly outputs: number; readonly bias: boolean | 'both' },
  init: ElementInit,
): ElementLayer {
  const { inputs } = size;
  const width = Math.max(1, Math.floor(inputs / SHARE));
  const mix = elementLayer(op, joined, size, init);
  const project = linear({ inputs, outputs: width, ...init });
  return {
    inputs,
    outputs: size.outputs,
    parameterCount: mix.parameterCount + 2 * (inputs + 1) * width,
    init(key) {
      const [mixKey, queryKey, keyKey] = random.split(key, 3);
      return { ...mix.init(mixKey), query: project.init(queryKey), key: project.init(keyKey) };
    },
    apply({ query, key, ...rest }, h, elements) {
      if (!query || !key) {
        throw new ArgumentError(
          `${op}: expected parameters { weight, bias, query, key } of a layer with attention. Draw them with init(key).`,
        );
      }
      const score = (params: LinearParams) => project.apply(params, h);
      const seen = elements.mask ? { mask: elements.mask.expandDims(-2) } : {};
      const context = attention(score(key), tanh(score(query)), h, seen);
      return mix.apply(rest, h, { ...elements, x: context });
    },
  };
}
