import {
  type Activation,
  type ActivationName,
  type LayerNormParams,
  layerNorm,
  type MlpParams,
  type MultiHeadAttentionParams,
  mlp,
  multiHeadAttention,
} from '@flowfield/nn';
import { ArgumentError, checkedOptions, checkedWhole, random, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedDType, checkedFlag } from '../inputs/params.ts';
import type { ElementInit } from './elementLayer.ts';
import { type Elements, elementsOf } from './elements.ts';
import type { SetLayer } from './transmission.ts';

/** Attention, the perceptron after it, their normalizations, and the `seeds` [count, inputs] of a pooling layer. */
export type SetAttentionParams = {
  attention: MultiHeadAttentionParams;
  mlp: MlpParams;
  norms?: [LayerNormParams, LayerNormParams];
  seeds?: Tensor;
};

export interface SetAttentionOptions extends ElementInit {
  /** Features of an element, before and after. */
  readonly inputs: number;
  /** Heads side by side, which divide `inputs` (default 1). */
  readonly heads?: number;
  /** Widths of the hidden layers of the perceptron (default [inputs]). */
  readonly hidden?: readonly number[];
  /** Of the perceptron (default 'relu'). */
  readonly activation?: ActivationName | Activation;
  /** Layer normalization after both sums (default false). */
  readonly norm?: boolean;
}

const optionNames = [
  'inputs',
  'heads',
  'hidden',
  'activation',
  'norm',
  'weightInit',
  'biasInit',
  'dtype',
] as const satisfies readonly (keyof SetAttentionOptions)[];

/**
 * Attention of every element to all elements of its set: h = x + MHA(x, x), then h + MLP(h): [lead…, n, inputs] -> the same. The set attention block of
 * Lee et al. 2019, "Set Transformer", equation 6 and 7. Padding is attended by none, and is 0 in the output. Memory grows as n².
 * @throws ArgumentError for unknown options or wrong numbers; `apply` throws as `transmission`.
 */
export function setAttention(options: SetAttentionOptions): SetLayer<SetAttentionParams> {
  const op = 'setAttention';
  const block = attentionBlock(op, checkedOptions(op, options, optionNames));
  return {
    ...block.size,
    orderIn: 1,
    orderOut: 1,
    init: block.init,
    apply(params, x, given = {}) {
      const { mask } = checkedOptions(`${op}: apply`, given, ['mask']);
      const elements = elementsOf(op, x, options.inputs, mask);
      return elements.masked(block.attend(params, elements.x, elements));
    },
  };
}

export interface AttentionPoolOptions extends SetAttentionOptions {
  /** How many vectors a set becomes (default 1). */
  readonly seeds?: number;
}

/**
 * A set as `seeds` vectors: learned queries s attend to its elements, h = s + MHA(s, x), then h + MLP(h): [lead…, n, inputs] -> [lead…, seeds inputs]. Pooling by multihead
 * attention of Lee et al. 2019, equation 11.
 * @throws as `setAttention`.
 */
export function attentionPool(options: AttentionPoolOptions): SetLayer<SetAttentionParams> {
  const op = 'attentionPool';
  const { seeds = 1, ...given } = checkedOptions(op, options, [...optionNames, 'seeds']);
  checkedWhole(`${op}: seeds`, seeds);
  const block = attentionBlock(op, given);
  const { inputs, dtype = 'f32' } = given;
  return {
    orderIn: 1,
    orderOut: 0,
    inputs,
    outputs: seeds * inputs,
    parameterCount: block.size.parameterCount + seeds * inputs,
    init(key) {
      const [blockKey, seedKey] = random.split(key);
      return { ...block.init(blockKey), seeds: random.normal(seedKey, [seeds, inputs], { dtype }) };
    },
    apply(params, x, call = {}) {
      const { mask } = checkedOptions(`${op}: apply`, call, ['mask']);
      const elements = elementsOf(op, x, inputs, mask);
      if (params?.seeds?.shape?.join() !== `${seeds},${inputs}`) {
        throw new ArgumentError(
          `${op}: expected parameters with seeds [${seeds}, ${inputs}], got ${params?.seeds?.shape ? `[${params.seeds.shape.join(', ')}]` : 'none'}. Draw them with init(key).`,
        );
      }
      const queries = params.seeds.broadcastTo([...elements.lead, seeds, inputs]);
      return block.attend(params, queries, elements).reshape([...elements.lead, seeds * inputs]);
    },
  };
}

function attentionBlock(op: string, options: SetAttentionOptions) {
  const { inputs, heads = 1, hidden, activation = 'relu', norm = false, ...init } = options;
  checkedWhole(`${op}: inputs`, inputs);
  checkedWhole(`${op}: heads`, heads);
  checkedDType(op, init.dtype ?? 'f32');
  checkedFlag(`${op}: norm`, norm);
  if (inputs % heads !== 0) {
    throw new ArgumentError(`${op}: heads must divide inputs, got ${heads} heads of ${inputs} features.`);
  }
  const widths = hidden ?? [inputs];
  const mixer = multiHeadAttention({ inputs, heads, ...init });
  const net = mlp({ inputs, hidden: widths, outputs: inputs, activation, ...init });
  const scaled = norm ? layerNorm({ size: inputs, ...(init.dtype ? { dtype: init.dtype } : {}) }) : null;
  const sizes = [inputs, ...widths, inputs];
  const netCount = sizes.slice(1).reduce((total, width, i) => total + (sizes[i] + 1) * width, 0);
  return {
    size: {
      inputs,
      outputs: inputs,
      parameterCount: 4 * (inputs + 1) * inputs + netCount + (scaled ? 4 * inputs : 0),
    },
    init(key: random.Key): SetAttentionParams {
      const [mixerKey, netKey, normKey] = random.split(key, 3);
      return {
        attention: mixer.init(mixerKey),
        mlp: net.init(netKey),
        ...(scaled ? { norms: [scaled.init(normKey), scaled.init(normKey)] } : {}),
      };
    },
    attend(params: SetAttentionParams, queries: Tensor, { x, mask }: Elements): Tensor {
      if (!params?.attention || !params.mlp || (params.norms !== undefined) !== (scaled !== null)) {
        throw new ArgumentError(
          `${op}: expected parameters { attention, mlp${scaled ? ', norms' : ''} }. Draw them with init(key) of a layer with the same options.`,
        );
      }
      const seen = mask ? { mask: mask.expandDims(-2) } : {};
      const normed = (h: Tensor, at: 0 | 1): Tensor => (scaled && params.norms ? scaled.apply(params.norms[at], h) : h);
      const h = normed(queries.add(mixer.apply(params.attention, queries, { context: x, ...seen })), 0);
      return normed(h.add(net.apply(params.mlp, h)), 1);
    },
  };
}
