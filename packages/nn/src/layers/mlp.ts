import { ArgumentError, checkedOptions, checkedWhole, concat, random, type Tensor } from '@flowfield/tensor-webgpu';
import { type Activation, type ActivationName, activation as activationNamed } from '../activations/activation.ts';
import type { Features } from '../features/features.ts';
import type { Initializer, ParameterDType } from '../initializers/initializer.ts';
import { checkLastAxis, type Layer } from './layer.ts';
import { type LayerNormParams, layerNorm } from './layerNorm.ts';
import { type LinearParams, linear } from './linear.ts';

/** One entry of `layers` per linear layer; `norms` only where the network normalizes. */
export type MlpParams = { layers: LinearParams[]; norms?: LayerNormParams[] };

export interface MlpOptions {
  /** The extent of the last axis of x, before `features`. */
  readonly inputs: number;
  /** Widths of the hidden layers, in order; empty for one linear layer. */
  readonly hidden: readonly number[];
  readonly outputs: number;
  /** After every hidden layer: a name of `activations` or a function (default 'silu'). */
  readonly activation?: ActivationName | Activation;
  /** Sharpness of the activation 'softplus'. */
  readonly beta?: number;
  /** After the last layer (default none). */
  readonly outputActivation?: ActivationName | Activation;
  /** What the first layer sees in place of x, such as `fourierFeatures`. */
  readonly features?: Features;
  /**
   * Layers (1 = the second) that also see the network's input (its features): [h, input] / √2, so that the variance
   * is kept, as in implicit surface networks (Gropp et al. 2020).
   */
  readonly skips?: readonly number[];
  /** Add a hidden layer's input to its output where both have one width (default false). */
  readonly residual?: boolean;
  /** Normalize before every hidden activation (default false). */
  readonly norm?: boolean;
  /** Whether the linear layers have a bias (default true). */
  readonly bias?: boolean;
  readonly weightInit?: Initializer;
  readonly biasInit?: Initializer;
  /** For the weight of the last layer alone, for example `zeros` to start at the zero function. */
  readonly outputWeightInit?: Initializer;
  readonly outputBiasInit?: Initializer;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

const optionNames = [
  'inputs',
  'hidden',
  'outputs',
  'activation',
  'beta',
  'outputActivation',
  'features',
  'skips',
  'residual',
  'norm',
  'bias',
  'weightInit',
  'biasInit',
  'outputWeightInit',
  'outputBiasInit',
  'dtype',
] as const satisfies readonly (keyof MlpOptions)[];

/**
 * A multilayer perceptron over the last axis: x [..., inputs] -> [..., outputs]. Hidden layers are
 * h <- activation(norm(h W + b)), the last one is linear. Parameters: `layers.<i>.weight` [in, out], `layers.<i>.bias`
 * [out], `norms.<i>.weight`, `norms.<i>.bias`.
 * @throws ArgumentError for widths below 1, skips outside 1 … hidden.length, or features for another input,
 *   unknown options, and parameters of another network;
 *   UnknownActivationError for an activation that has no such name.
 */
export function mlp(options: MlpOptions): Layer<MlpParams> {
  const { features, residual = false, dtype = 'f32', hidden } = checkedOptions('mlp', options, optionNames);
  const inputs = checkedWhole('mlp: inputs', options.inputs);
  const outputs = checkedWhole('mlp: outputs', options.outputs);
  if (!Array.isArray(hidden)) {
    throw new ArgumentError(`mlp: expected hidden as a list of widths, got ${hidden}. Give [] for one linear layer.`);
  }
  hidden.forEach((width, i) => {
    checkedWhole(`mlp: hidden[${i}]`, width);
  });
  if (features && features.inputs !== inputs) {
    throw new ArgumentError(
      `mlp: features take ${features.inputs} inputs, but inputs is ${inputs}. Give both the same number.`,
    );
  }
  const skips = checkSkips(options.skips ?? [], hidden.length);
  const activate = activationNamed(options.activation ?? 'silu', { beta: options.beta });
  const activateOutput = activationNamed(options.outputActivation ?? 'identity');

  const seen = features?.outputs ?? inputs;
  const widths = [seen, ...hidden, outputs];
  const last = hidden.length;
  const layers = Array.from({ length: last + 1 }, (_, i) =>
    linear({
      inputs: widths[i] + (skips.has(i) ? seen : 0),
      outputs: widths[i + 1],
      bias: options.bias,
      weightInit: i === last ? (options.outputWeightInit ?? options.weightInit) : options.weightInit,
      biasInit: i === last ? (options.outputBiasInit ?? options.biasInit) : options.biasInit,
      dtype,
    }),
  );
  const norms = options.norm ? hidden.map((size) => layerNorm({ size, dtype })) : [];

  return {
    inputs,
    outputs,
    init(key: random.Key): MlpParams {
      const keys = [...random.split(key, layers.length)];
      const params: MlpParams = { layers: layers.map((layer, i) => layer.init(keys[i])) };
      return norms.length > 0 ? { ...params, norms: norms.map((norm) => norm.init(key)) } : params;
    },
    apply(params: MlpParams, x: Tensor): Tensor {
      checkLastAxis('mlp', x, inputs);
      checkList('layers', params?.layers, layers.length);
      if (norms.length > 0) checkList('norms', params.norms, norms.length);
      const input = features ? features.apply(x) : x;
      let h = input;
      layers.forEach((layer, i) => {
        const from = h;
        h = layer.apply(params.layers[i], skips.has(i) ? concat([h, input], -1).mul(Math.SQRT1_2) : h);
        if (i === last) return;
        if (norms.length > 0) h = norms[i].apply((params.norms as LayerNormParams[])[i], h);
        h = activate(h);
        if (residual && widths[i] === widths[i + 1]) h = h.add(from);
      });
      return activateOutput(h);
    },
  };
}

function checkSkips(skips: readonly number[], last: number): Set<number> {
  for (const skip of skips) {
    if (!Number.isInteger(skip) || skip < 1 || skip > last) {
      throw new ArgumentError(`mlp: skips must name layers 1 to ${last}, got ${skip}. Layer 0 sees the input anyway.`);
    }
  }
  return new Set(skips);
}

/** Throws `ArgumentError` unless the parameters have a list `name` of that many entries. */
function checkList(name: string, given: unknown, length: number): void {
  if (Array.isArray(given) && given.length === length) return;
  const found = Array.isArray(given) ? `a list of ${given.length}` : 'no such list';
  throw new ArgumentError(
    `mlp: expected parameters with a list '${name}' of ${length}, got ${found}. Draw them with init(key) of a network with the same options.`,
  );
}
