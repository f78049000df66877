import { ArgumentError, checkedOptions, checkedWhole, concat, random, type Tensor } from '@flowfield/tensor-webgpu';
import { type Activation, type ActivationName, activation as activationNamed } from '../activations/activation.ts';
import type { Features } from '../features/features.ts';
import type { Initializer, ParameterDType } from '../initializers/initializer.ts';
import { checkLastAxis, checkList, type Layer } from './layer.ts';
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
  /** After every hidden layer: a name of `activations` or a function (default 'silu'), or a list with one for each. */
  readonly activation?: ActivationName | Activation | readonly (ActivationName | Activation)[];
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
  /**
   * With 'same' the layer before a skip has as many units less as the network has inputs, so that what the skip joins is as
   * wide as `hidden` says (as in Gropp et al. 2020). Default 'wider'.
   */
  readonly skipWidth?: 'wider' | 'same';
  /** Add a hidden layer's input to its output where both have one width (default false). */
  readonly residual?: boolean;
  /** Normalize before every hidden activation (default false). */
  readonly norm?: boolean;
  /** Whether the linear layers have a bias (default true). */
  readonly bias?: boolean;
  /** Weight normalization of every layer (default false); see `linear`. */
  readonly weightNorm?: boolean;
  readonly weightInit?: Initializer;
  readonly biasInit?: Initializer;
  /** For the weight of the first layer alone, as sine networks need. */
  readonly firstWeightInit?: Initializer;
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
  'skipWidth',
  'residual',
  'norm',
  'bias',
  'weightNorm',
  'weightInit',
  'biasInit',
  'firstWeightInit',
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
  if (options.skipWidth !== undefined && !['wider', 'same'].includes(options.skipWidth)) {
    throw new ArgumentError(`mlp: skipWidth must be 'wider' or 'same', got ${String(options.skipWidth)}.`);
  }
  const skips = checkSkips(options.skips ?? [], hidden.length);
  const activate = hiddenActivations(options, hidden.length);
  const activateOutput = activationNamed(options.outputActivation ?? 'identity');

  const seen = features?.outputs ?? inputs;
  const last = hidden.length;
  const given = hidden.map((width, i) => (options.skipWidth === 'same' && skips.has(i + 1) ? width - seen : width));
  given.forEach((width, i) => {
    checkedWhole(`mlp: hidden[${i}], less the ${seen} inputs that the skip joins to it,`, width);
  });
  const widths = [seen, ...given, outputs];
  const weightInitOf = (i: number): Initializer | undefined => {
    const special = i === last ? options.outputWeightInit : undefined;
    return special ?? (i === 0 ? options.firstWeightInit : undefined) ?? options.weightInit;
  };
  const layers = Array.from({ length: last + 1 }, (_, i) =>
    linear({
      inputs: widths[i] + (skips.has(i) ? seen : 0),
      outputs: widths[i + 1],
      bias: options.bias,
      weightNorm: options.weightNorm,
      weightInit: weightInitOf(i),
      biasInit: i === last ? (options.outputBiasInit ?? options.biasInit) : options.biasInit,
      dtype,
    }),
  );
  const norms = options.norm ? given.map((size) => layerNorm({ size, dtype })) : [];

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
      checkList('mlp', 'layers', params?.layers, layers.length);
      if (norms.length > 0) checkList('mlp', 'norms', params.norms, norms.length);
      const input = features ? features.apply(x) : x;
      let h = input;
      layers.forEach((layer, i) => {
        const from = h;
        h = layer.apply(params.layers[i], skips.has(i) ? concat([h, input], -1).mul(Math.SQRT1_2) : h);
        if (i === last) return;
        if (norms.length > 0) h = norms[i].apply((params.norms as LayerNormParams[])[i], h);
        h = activate[i](h);
        if (residual && widths[i] === widths[i + 1]) h = h.add(from);
      });
      return activateOutput(h);
    },
  };
}

function checkSkips(skips: readonly number[], last: number): Set<number> {
  if (!Array.isArray(skips)) throw new ArgumentError(`mlp: expected skips as a list of layers, got ${String(skips)}.`);
  for (const skip of skips) {
    if (!Number.isInteger(skip) || skip < 1 || skip > last) {
      throw new ArgumentError(`mlp: skips must name layers 1 to ${last}, got ${skip}. Layer 0 sees the input anyway.`);
    }
  }
  return new Set(skips);
}

/** One activation for each hidden layer. */
function hiddenActivations({ activation = 'silu', beta }: MlpOptions, count: number): Activation[] {
  if (!Array.isArray(activation)) {
    const one = activationNamed(activation as ActivationName | Activation, { beta });
    return Array.from({ length: count }, () => one);
  }
  if (activation.length === count) {
    return activation.map((each) => activationNamed(each, each === 'softplus' ? { beta } : {}));
  }
  throw new ArgumentError(
    `mlp: expected one activation, or a list of ${count} for the hidden layers, got a list of ${activation.length}. Give one for each.`,
  );
}
