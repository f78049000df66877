import { random as draws, type random, type Tensor } from '@flowfield/tensor-webgpu';
import type { Initializer, ParameterDType } from '../initializers/initializer.ts';
import { fanInUniform } from '../initializers/lecun.ts';
import { checkLastAxis, checkWidth, type Layer } from './layer.ts';

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
 * @throws ArgumentError for widths below 1; `apply` throws ShapeError when the last axis of x is not `inputs`.
 */
export function linear(options: LinearOptions): Layer<LinearParams> {
  const { bias = true, weightInit = fanInUniform, biasInit = fanInUniform, dtype = 'f32' } = options;
  const inputs = checkWidth('linear: inputs', options.inputs);
  const outputs = checkWidth('linear: outputs', options.outputs);
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
      const product = x.matmul(params.weight);
      return params.bias ? product.add(params.bias) : product;
    },
  };
}
