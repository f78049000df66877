import {
  checkedOptions,
  checkedWhole,
  random as draws,
  type random,
  type Tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { drawn, type Initializer, type ParameterDType } from '../initializers/initializer.ts';
import { fanInUniform } from '../initializers/lecun.ts';
import { checkLastAxis, checkParams, type Layer } from './layer.ts';

/** `weight` [inputs, outputs], `bias` [outputs] unless the layer has none, `gain` [outputs] with weight normalization. */
export type LinearParams = { weight: Tensor; bias?: Tensor; gain?: Tensor };

export interface LinearOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Whether a bias is added (default true). */
  readonly bias?: boolean;
  /** Default `fanInUniform`, as in PyTorch. */
  readonly weightInit?: Initializer;
  /** Default `fanInUniform`, as in PyTorch. */
  readonly biasInit?: Initializer;
  /**
   * W = gain · weight / ‖weight‖ with the norm of each column, and `gain` as a parameter that starts at these norms (Salimans &
   * Kingma 2016; default false). A column of zeros stays zero.
   */
  readonly weightNorm?: boolean;
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
    weightNorm = false,
    dtype = 'f32',
    ...extents
  } = checkedOptions('linear', options, ['inputs', 'outputs', 'bias', 'weightInit', 'biasInit', 'weightNorm', 'dtype']);
  const inputs = checkedWhole('linear: inputs', extents.inputs);
  const outputs = checkedWhole('linear: outputs', extents.outputs);
  const shapes = {
    weight: [inputs, outputs],
    ...(bias ? { bias: [outputs] } : {}),
    ...(weightNorm ? { gain: [outputs] } : {}),
  };
  const context = { dtype, fanIn: inputs, fanOut: outputs };
  return {
    inputs,
    outputs,
    init(key: random.Key): LinearParams {
      const [weightKey, biasKey] = draws.split(key);
      const weight = drawn('linear: weightInit', weightInit, weightKey, [inputs, outputs], context);
      return {
        weight,
        ...(bias ? { bias: drawn('linear: biasInit', biasInit, biasKey, [outputs], context) } : {}),
        ...(weightNorm ? { gain: weight.norm({ axis: 0 }) } : {}),
      };
    },
    apply(params: LinearParams, x: Tensor): Tensor {
      checkLastAxis('linear', x, inputs);
      checkParams('linear', params, shapes);
      const product = x.matmul(params.gain ? normalized(params.weight, params.gain) : params.weight);
      return params.bias ? product.add(params.bias) : product;
    },
  };
}

/** The columns of `weight` at the lengths `gain`; columns of zeros stay. */
function normalized(weight: Tensor, gain: Tensor): Tensor {
  const length = weight.norm({ axis: 0 });
  return weight.mul(gain.div(where(length.greater(0), length, 1)));
}
