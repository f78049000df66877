import { checkedOptions, checkedWhole, random, type Tensor } from '@flowfield/tensor-webgpu';
import type { Activation, ActivationName } from '../activations/activation.ts';
import type { Initializer, ParameterDType } from '../initializers/initializer.ts';
import { checkRate, dropout } from './dropout.ts';
import { checkLastAxis, checkList, partOf } from './layer.ts';
import { type LayerNormParams, layerNorm } from './layerNorm.ts';
import { type MlpParams, mlp } from './mlp.ts';
import { type AttendOptions, type MultiHeadAttentionParams, multiHeadAttention } from './multiHeadAttention.ts';

/** One block: what is normalized before the attention and before the network, and these two. */
export type TransformerBlockParams = {
  norms: LayerNormParams[];
  attention: MultiHeadAttentionParams;
  feedForward: MlpParams;
};

/** `blocks.<i>`, and the last normalization. */
export type TransformerParams = { blocks: TransformerBlockParams[]; norm: LayerNormParams };

export interface TransformerOptions {
  /** The extent of the last axis, in and out; `heads` divides it. */
  readonly inputs: number;
  readonly heads: number;
  /** How many blocks. */
  readonly depth: number;
  /** Width of the hidden layer of the network of each block (default 4 inputs). */
  readonly hidden?: number;
  /** Default 'gelu'. */
  readonly activation?: ActivationName | Activation;
  /** Rate of dropout on what each half of a block adds (default 0). */
  readonly dropout?: number;
  readonly weightInit?: Initializer;
  readonly biasInit?: Initializer;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

export interface TransformerApplyOptions extends Pick<AttendOptions, 'mask' | 'causal' | 'bias'> {
  /** Draws the dropout; without it there is none. */
  readonly key?: random.Key | null;
}

export interface Transformer {
  readonly inputs: number;
  readonly outputs: number;
  init(key: random.Key): TransformerParams;
  /** x [..., n, inputs] -> [..., n, inputs]. */
  apply(params: TransformerParams, x: Tensor, options?: TransformerApplyOptions): Tensor;
}

/**
 * A transformer encoder, normalized first: x <- x + attention(norm x), x <- x + network(norm x) in every block, and a last
 * norm (Vaswani et al. 2017; the order is that of Xiong et al. 2020). Equivariant under permutations of the n rows of x, unless
 * `causal`. Rows that `mask` hides as keys still have outputs of their own.
 * @throws ArgumentError for extents below 1, heads that do not divide inputs, a bad rate, or an unknown option; `apply` throws
 *   what `multiHeadAttention` throws.
 */
export function transformer(options: TransformerOptions): Transformer {
  const {
    inputs,
    heads,
    depth,
    hidden = 4 * inputs,
    activation = 'gelu',
    dropout: rate = 0,
    ...shared
  } = checkedOptions('transformer', options, [
    'inputs',
    'heads',
    'depth',
    'hidden',
    'activation',
    'dropout',
    'weightInit',
    'biasInit',
    'dtype',
  ]);
  checkedWhole('transformer: inputs', inputs);
  checkedWhole('transformer: depth', depth, 0);
  checkRate('transformer: dropout', rate);
  const norm = layerNorm({ size: inputs, dtype: shared.dtype });
  const mixing = multiHeadAttention({ ...shared, inputs, heads });
  const network = mlp({ ...shared, inputs, hidden: [hidden], outputs: inputs, activation });
  return {
    inputs,
    outputs: inputs,
    init(key: random.Key): TransformerParams {
      const keys = depth > 0 ? [...random.split(key, depth)] : [];
      const blocks = keys.map((blockKey): TransformerBlockParams => {
        const [first, second] = random.split(blockKey);
        return {
          norms: [norm.init(key), norm.init(key)],
          attention: mixing.init(first),
          feedForward: network.init(second),
        };
      });
      return { blocks, norm: norm.init(key) };
    },
    apply(params, x, options = {}) {
      const { key = null, ...seen } = checkedOptions('transformer', options, ['mask', 'causal', 'bias', 'key']);
      checkLastAxis('transformer', x, inputs);
      checkList('transformer', 'blocks', params?.blocks, depth);
      const keys = key && rate > 0 ? [...random.split(key, 2 * depth)] : [];
      const thinned = (y: Tensor, i: number): Tensor => dropout(keys[i] ?? null, y, { rate });
      const out = params.blocks.reduce((h, block, i) => {
        checkList('transformer', 'norms', block.norms, 2);
        const [before, between] = block.norms;
        const attended = mixing.apply(partOf('transformer', block, 'attention'), norm.apply(before, h), seen);
        const mixed = h.add(thinned(attended, 2 * i));
        const passed = network.apply(partOf('transformer', block, 'feedForward'), norm.apply(between, mixed));
        return mixed.add(thinned(passed, 2 * i + 1));
      }, x);
      return norm.apply(partOf('transformer', params, 'norm'), out);
    },
  };
}
