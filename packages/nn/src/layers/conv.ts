import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  conv,
  convTranspose,
  random as draws,
  type PerAxis,
  type random,
  type Tensor,
  type WindowPadding,
} from '@flowfield/tensor-webgpu';
import { drawn, type Initializer, type InitializerContext, type ParameterDType } from '../initializers/initializer.ts';
import { fanInUniform } from '../initializers/lecun.ts';
import { checkChannels, checkParams, type Layer } from './layer.ts';

/** `weight` [outputs, inputs / groups, …kernel] (transposed: [inputs, outputs / groups, …kernel]) and `bias` [outputs]. */
export type ConvParams = { weight: Tensor; bias?: Tensor };

interface WindowLayerOptions {
  /** Channels in and out. */
  readonly inputs: number;
  readonly outputs: number;
  /** The extent of the window: one number for every axis, or one for each. */
  readonly kernel: PerAxis;
  /** Default 1. */
  readonly stride?: PerAxis;
  /** Steps between the taps of the window (default 1). */
  readonly dilation?: PerAxis;
  /** Channels are cut into so many groups that do not mix (default 1). */
  readonly groups?: number;
  /** Whether a bias is added (default true). */
  readonly bias?: boolean;
  /** Default `fanInUniform`, as in PyTorch; the weight is drawn as a matrix [inputs · window, outputs]. */
  readonly weightInit?: Initializer;
  /** Default `fanInUniform`, as in PyTorch. */
  readonly biasInit?: Initializer;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

export interface ConvLayerOptions extends WindowLayerOptions {
  /** Zeros around the input: a width, widths for each axis, 'same' or 'valid' (default 0). */
  readonly padding?: WindowPadding;
}

export interface ConvTransposeLayerOptions extends WindowLayerOptions {
  /** Places cut from each end of the result (default 0), as `padding` of the convolution that it turns round. */
  readonly padding?: PerAxis;
  /** Places added at the end, to choose among the extents that a stride maps to one (default 0). */
  readonly outputPadding?: PerAxis;
}

const optionNames = [
  'inputs',
  'outputs',
  'kernel',
  'stride',
  'padding',
  'dilation',
  'groups',
  'bias',
  'weightInit',
  'biasInit',
  'dtype',
] as const satisfies readonly (keyof ConvLayerOptions)[];

/** A window as a list with one extent for each of `rank` axes. */
function windowOf(name: string, kernel: PerAxis, rank: number): number[] {
  const window = typeof kernel === 'number' ? Array<number>(rank).fill(kernel) : [...(kernel ?? [])];
  if (window.length !== rank) {
    throw new ArgumentError(
      `${name}: expected kernel as a number or a list of ${rank}, got ${JSON.stringify(kernel)}. Give the extent of the window.`,
    );
  }
  window.forEach((extent, i) => {
    checkedWhole(`${name}: kernel[${i}]`, extent);
  });
  return window;
}

type Apply = (x: Tensor, weight: Tensor) => Tensor;

interface Parts {
  readonly name: string;
  readonly rank: number;
  readonly transposed: boolean;
  readonly apply: Apply;
}

function windowLayer(options: WindowLayerOptions, { name, rank, transposed, apply }: Parts): Layer<ConvParams> {
  const { bias = true, weightInit = fanInUniform, biasInit = fanInUniform, dtype = 'f32', groups = 1 } = options;
  const inputs = checkedWhole(`${name}: inputs`, options.inputs);
  const outputs = checkedWhole(`${name}: outputs`, options.outputs);
  checkedWhole(`${name}: groups`, groups);
  if (inputs % groups !== 0 || outputs % groups !== 0) {
    throw new ArgumentError(
      `${name}: groups must divide inputs and outputs, got ${groups} for ${inputs} and ${outputs}. Choose a common divisor.`,
    );
  }
  const window = windowOf(name, options.kernel, rank);
  const places = window.reduce((product, extent) => product * extent, 1);
  // A matrix [first axis, rest] holds one row for each channel of the first axis.
  const [first, second] = transposed ? [inputs, outputs / groups] : [outputs, inputs / groups];
  const shape = [first, second, ...window];
  // As PyTorch counts them: the second axis of the weight is the fan in, the first the fan out.
  const context: InitializerContext = { dtype, fanIn: second * places, fanOut: first * places };
  const shapes = { weight: shape, ...(bias ? { bias: [outputs] } : {}) };
  return {
    inputs,
    outputs,
    init(key: random.Key): ConvParams {
      const [weightKey, biasKey] = draws.split(key);
      const matrix = drawn(`${name}: weightInit`, weightInit, weightKey, [second * places, first], context);
      const weight = matrix.T.reshape(shape);
      return bias ? { weight, bias: drawn(`${name}: biasInit`, biasInit, biasKey, [outputs], context) } : { weight };
    },
    apply(params: ConvParams, x: Tensor): Tensor {
      checkChannels(name, x, inputs, rank);
      checkParams(name, params, shapes);
      const y = apply(x, params.weight);
      return params.bias ? y.add(params.bias.reshape([outputs, ...window.map(() => 1)])) : y;
    },
  };
}

const convLayer =
  (rank: number) =>
  (options: ConvLayerOptions): Layer<ConvParams> => {
    const name = `conv${rank}d`;
    const { stride, padding, dilation, groups } = checkedOptions(name, options, optionNames);
    const settings = { stride, padding, dilation, groups };
    return windowLayer(options, {
      name,
      rank,
      transposed: false,
      apply: (x, weight) => conv(x, weight, given(settings)),
    });
  };

const convTransposeLayer =
  (rank: number) =>
  (options: ConvTransposeLayerOptions): Layer<ConvParams> => {
    const name = `convTranspose${rank}d`;
    const { stride, padding, dilation, groups, outputPadding } = checkedOptions(name, options, [
      ...optionNames,
      'outputPadding',
    ]);
    const settings = { stride, padding: orNone(padding), dilation, groups, outputPadding: orNone(outputPadding) };
    return windowLayer(options, {
      name,
      rank,
      transposed: true,
      apply: (x, weight) => convTranspose(x, weight, given(settings)),
    });
  };

/** The options that were given. */
const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

/** Zeros on every axis are no padding. */
const orNone = (width: PerAxis | undefined): PerAxis | 0 | undefined =>
  Array.isArray(width) && width.every((each) => each === 0) ? 0 : width;

/**
 * A layer of `conv` over sequences: x [N, inputs, L] -> [N, outputs, L'], L' = ⌊(L + 2 padding - dilation (kernel - 1) - 1) /
 * stride⌋ + 1 (LeCun et al. 1989; the weight has PyTorch's form).
 * @throws ArgumentError for options out of range or unknown ones; `apply` throws ShapeError for an x of other channels or rank,
 *   ArgumentError and ShapeError for parameters of another layer.
 */
export const conv1d = /* @__PURE__ */ convLayer(1);

/** The layer of `conv1d` over images: x [N, inputs, H, W] -> [N, outputs, H', W']. */
export const conv2d = /* @__PURE__ */ convLayer(2);

/**
 * The transpose of `conv1d` as a linear map, which widens sequences: x [N, inputs, L] -> [N, outputs, stride (L - 1) -
 * 2 padding + dilation (kernel - 1) + outputPadding + 1] (Zeiler et al. 2010; the weight has PyTorch's form).
 * @throws as `conv1d`.
 */
export const convTranspose1d = /* @__PURE__ */ convTransposeLayer(1);

/** The layer of `convTranspose1d` over images: x [N, inputs, H, W] -> [N, outputs, H', W']. */
export const convTranspose2d = /* @__PURE__ */ convTransposeLayer(2);
