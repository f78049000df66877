import { checkedOptions, checkedWhole, random as draws, type random, type Tensor } from '@flowfield/tensor-webgpu';
import type { Initializer, ParameterDType } from '../initializers/initializer.ts';
import { fanInUniform } from '../initializers/lecun.ts';
import { checkLastAxis, checkParams, type Layer } from './layer.ts';

/** `weight` [inputs, outputs], and `bias` [outputs] unless the layer has none. */
export type LinearParams = { weight: Tensor; bias?: Tensor };

export interface LinearOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Whether a bias is added (default true). */
  readonly bias?: boolean;
  /** Default `fanInUniform`, as in PyTorch. */
  readonly weightInit?: Initializer;
  /** Default `fanInUniform`, as in PyTorch. */
  readonly biasInit?: Initializer;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

/**
 * y = x W + b over the last axis: x [..., inputs] -> [..., outputs].
 * @throws ArgumentError for widths below 1 and unknown options; `apply` throws ShapeError when the last axis of x is not
 *   `inputs`, ArgumentError and ShapeError for parameters of another layer.
 */
export function linear(options: LinearOptions): Layer<LinearParams> {
  const {
    bias = true,
    weightInit = fanInUniform,
    biasInit = fanInUniform,
    dtype = 'f32',
    ...extents
  } = checkedOptions('linear', options, ['inputs', 'outputs', 'bias', 'weightInit', 'biasInit', 'dtype']);
  const inputs = checkedWhole('linear: inputs', extents.inputs);
  const outputs = checkedWhole('linear: outputs', extents.outputs);
  const shapes = { weight: [inputs, outputs], ...(bias ? { bias: [outputs] } : {}) };
  const context = { dtype, fanIn: inputs, fanOut: outputs };
  return {
    inputs,
    outputs,
    init(key: random.Key): LinearParams {
      const [weightKey, biasKey] = draws.split(key);
      const weight = weightInit(weightKey, [inputs, outputs], context);
      return bias ? { weight, bias: biasInit(biasKey, [outputs], context) } : { weight };
    },
    apply(params: LinearParams, x: Tensor): Tensor {
      checkLastAxis('linear', x, inputs);
      checkParams('linear', params, shapes);
      const product = x.matmul(params.weight);
      return params.bias ? product.add(params.bias) : product;
    },
  };
}
