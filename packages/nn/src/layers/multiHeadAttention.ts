import { ArgumentError, checkedOptions, checkedWhole, random, type Tensor } from '@flowfield/tensor-webgpu';
import type { Initializer, ParameterDType } from '../initializers/initializer.ts';
import { type AttentionOptions, attention } from './attention.ts';
import { checkLastAxis, partOf } from './layer.ts';
import { type LinearParams, linear } from './linear.ts';

/** Projections of queries, keys and values, and of the joined heads. */
export type MultiHeadAttentionParams = Record<'query' | 'key' | 'value' | 'out', LinearParams>;

export interface MultiHeadAttentionOptions {
  /** The extent of the last axis of x. */
  readonly inputs: number;
  readonly heads: number;
  /** The extent of the last axis of what x attends to (default `inputs`). */
  readonly context?: number;
  /** Features of all heads together, which `heads` divides (default `inputs`). */
  readonly size?: number;
  /** Default `inputs`. */
  readonly outputs?: number;
  /** Whether the projections have a bias (default true). */
  readonly bias?: boolean;
  readonly weightInit?: Initializer;
  readonly biasInit?: Initializer;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

export interface AttendOptions extends Omit<AttentionOptions, 'scale'> {
  /** What x attends to, [..., m, context]; x itself when left out. */
  readonly context?: Tensor;
}

export interface MultiHeadAttention {
  readonly inputs: number;
  readonly outputs: number;
  init(key: random.Key): MultiHeadAttentionParams;
  /** `mask` (and `bias`) broadcast to [..., n, m], the same for every head. */
  apply(params: MultiHeadAttentionParams, x: Tensor, options?: AttendOptions): Tensor;
}

/**
 * `attention` in several heads side by side: x [..., n, inputs] -> [..., n, outputs]. Each head sees size / heads features of the
 * projections of x and of its context (Vaswani et al. 2017, section 3.2.2).
 * @throws ArgumentError unless `heads` divides `size`, or for an unknown option; `apply` throws what `attention` and `linear` throw.
 */
export function multiHeadAttention(options: MultiHeadAttentionOptions): MultiHeadAttention {
  const {
    inputs,
    heads,
    context = inputs,
    size = inputs,
    outputs = inputs,
    ...shared
  } = checkedOptions('multiHeadAttention', options, [
    'inputs',
    'heads',
    'context',
    'size',
    'outputs',
    'bias',
    'weightInit',
    'biasInit',
    'dtype',
  ]);
  checkedWhole('multiHeadAttention: heads', heads);
  checkedWhole('multiHeadAttention: size', size);
  if (size % heads !== 0) {
    throw new ArgumentError(
      `multiHeadAttention: heads must divide size, got ${heads} heads of ${size} features. Choose a divisor.`,
    );
  }
  const layers = {
    query: linear({ ...shared, inputs, outputs: size }),
    key: linear({ ...shared, inputs: context, outputs: size }),
    value: linear({ ...shared, inputs: context, outputs: size }),
    out: linear({ ...shared, inputs: size, outputs }),
  };
  const names = ['query', 'key', 'value', 'out'] as const;
  // [..., n, size] to [..., heads, n, size / heads].
  const apart = (y: Tensor): Tensor => y.reshape([...y.shape.slice(0, -1), heads, size / heads]).swapaxes(-2, -3);
  const acrossHeads = (each: Tensor | undefined): Tensor | undefined =>
    each && each.shape.length >= 2 ? each.expandDims(-3) : each;
  return {
    inputs,
    outputs,
    init(key: random.Key): MultiHeadAttentionParams {
      const keys = [...random.split(key, names.length)];
      return Object.fromEntries(names.map((name, i) => [name, layers[name].init(keys[i])])) as MultiHeadAttentionParams;
    },
    apply(params, x, options = {}) {
      const {
        context = x,
        mask,
        bias,
        causal,
      } = checkedOptions('multiHeadAttention', options, ['context', 'mask', 'bias', 'causal']);
      checkLastAxis('multiHeadAttention', x, inputs);
      const project = (name: keyof MultiHeadAttentionParams, from: Tensor): Tensor =>
        layers[name].apply(partOf('multiHeadAttention', params, name), from);
      const mixed = attention(
        apart(project('query', x)),
        apart(project('key', context)),
        apart(project('value', context)),
        { mask: acrossHeads(mask), bias: acrossHeads(bias), causal },
      );
      const joined = mixed.swapaxes(-2, -3);
      return project('out', joined.reshape([...joined.shape.slice(0, -2), size]));
    },
  };
}
