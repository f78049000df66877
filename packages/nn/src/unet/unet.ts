import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  concat,
  random,
  repeat,
  type Tensor,
} from '@flowfield/tensor-webgpu';
import { type Activation, type ActivationName, activation as activationNamed } from '../activations/activation.ts';
import { zeros } from '../initializers/constant.ts';
import type { ParameterDType } from '../initializers/initializer.ts';
import { type ConvParams, conv2d } from '../layers/conv.ts';
import { checkRate } from '../layers/dropout.ts';
import { type GroupNormParams, groupNorm } from '../layers/groupNorm.ts';
import { checkChannels, checkList, partOf } from '../layers/layer.ts';
import { type ConditionParams, type UnetCondition, unetCondition } from './condition.ts';
import { type ImageAttentionParams, imageAttention } from './imageAttention.ts';
import { groupsOf, type ImageBlockParams, imageBlock } from './residualBlock.ts';

/** A level: its blocks, its attention where it has one, and the convolution to the next coarser level (`down`) or from it (`up`). */
export type UnetLevelParams = {
  blocks: ImageBlockParams[];
  attention?: ImageAttentionParams;
  resample?: ConvParams;
};

export type UnetParams = {
  condition: ConditionParams;
  stem: ConvParams;
  down: UnetLevelParams[];
  middle: UnetLevelParams;
  up: UnetLevelParams[];
  norm: GroupNormParams;
  head: ConvParams;
};

export interface UnetOptions {
  /** Channels in. */
  readonly inputs: number;
  /** Channels out (default `inputs`). */
  readonly outputs?: number;
  /** Channels of each level, from the finest to the coarsest; each level has half the extent of the one before. */
  readonly channels: readonly number[];
  /** Residual blocks of a level, on the way down and on the way up (default 1). */
  readonly blocks?: number;
  /** Whether `apply` takes a time for each image (default true). */
  readonly time?: boolean;
  /** Labels 0 … classes - 1 that `apply` takes (default 0: none). Count one more for "no label". */
  readonly classes?: number;
  /** Features of the embedding of time and label (default 4 times the first channels). */
  readonly embedding?: number;
  /** Multiplies times before their sinusoidal features (default 1000, for times in [0, 1]). */
  readonly timeScale?: number;
  /** Levels with attention among their places (0 the finest; default none). The middle has it where the last level does. */
  readonly attention?: readonly number[];
  /** Heads of the attention (default 1); they divide the channels of its levels. */
  readonly heads?: number;
  /** Most groups of the group norms (default 8). Where they do not divide the channels, the next smaller number that does. */
  readonly groups?: number;
  /** Rate of dropout inside blocks (default 0). */
  readonly dropout?: number;
  /** Default 'silu'. */
  readonly activation?: ActivationName | Activation;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

export interface UnetApplyOptions extends UnetCondition {
  /** Draws the dropout; without it there is none. */
  readonly key?: random.Key | null;
}

export interface Unet {
  readonly inputs: number;
  readonly outputs: number;
  init(key: random.Key): UnetParams;
  /** x [N, inputs, H, W] -> [N, outputs, H, W]. */
  apply(params: UnetParams, x: Tensor, options?: UnetApplyOptions): Tensor;
}

const optionNames = [
  'inputs',
  'outputs',
  'channels',
  'blocks',
  'time',
  'classes',
  'embedding',
  'timeScale',
  'attention',
  'heads',
  'groups',
  'dropout',
  'activation',
  'dtype',
] as const satisfies readonly (keyof UnetOptions)[];

/** Nearest neighbour, twice the extent, cut to [height, width]. */
const doubled = (x: Tensor, height: number, width: number): Tensor =>
  repeat(repeat(x, 2, 2), 2, 3).slice('...', [0, height], [0, width]);

/**
 * A small U-Net for images of any extent: residual blocks at each level, a convolution of stride 2 to the next, a middle of two
 * blocks, and the way back with the end of each level joined in (Ronneberger et al. 2015; blocks and conditioning as in Dhariwal &
 * Nichol 2021). Time and label become one embedding that modulates every block. The last convolution starts at 0.
 * @throws ArgumentError for extents below 1, levels that are not there, heads that do not divide channels or unknown options;
 *   `apply` for a time or label that is missing or not expected, and what its layers throw.
 */
export function unet(options: UnetOptions): Unet {
  const {
    inputs,
    outputs = inputs,
    channels,
    blocks = 1,
    attention = [],
    heads = 1,
    groups = 8,
    dropout: rate = 0,
    dtype,
  } = checkedOptions('unet', options, optionNames);
  checkedWhole('unet: inputs', inputs);
  checkedWhole('unet: outputs', outputs);
  checkedWhole('unet: blocks', blocks);
  checkedWhole('unet: groups', groups);
  checkRate('unet: dropout', rate);
  if (!Array.isArray(channels) || channels.length === 0) {
    throw new ArgumentError(
      `unet: expected channels as a list with one number for each level, got ${String(channels)}. Give at least one, as in [32, 64].`,
    );
  }
  channels.forEach((count, i) => {
    checkedWhole(`unet: channels[${i}]`, count);
  });
  for (const level of attention) {
    if (Number.isInteger(level) && level >= 0 && level < channels.length) continue;
    throw new ArgumentError(`unet: attention must name levels 0 to ${channels.length - 1}, got ${String(level)}.`);
  }
  const activate = activationNamed(options.activation ?? 'silu');
  const condition = unetCondition({ ...options, embedding: options.embedding ?? 4 * channels[0], activate });
  const last = channels.length - 1;
  const blockOf = (from: number, to: number) =>
    imageBlock({ inputs: from, outputs: to, embedding: condition.size, groups, rate, activate, dtype });
  const attentionOf = (level: number) =>
    attention.includes(level) ? imageAttention(channels[level], heads, groups, dtype) : null;
  const chainOf = (from: number, to: number) =>
    Array.from({ length: blocks }, (_, i) => blockOf(i === 0 ? from : to, to));

  const stem = conv2d({ inputs, outputs: channels[0], kernel: 3, padding: 1, dtype });
  const down = channels.map((width, i) => ({
    blocks: chainOf(channels[Math.max(0, i - 1)], width),
    attention: attentionOf(i),
    resample: i < last ? conv2d({ inputs: width, outputs: width, kernel: 3, stride: 2, padding: 1, dtype }) : null,
  }));
  const middle = {
    blocks: [blockOf(channels[last], channels[last]), blockOf(channels[last], channels[last])],
    attention: attentionOf(last),
    resample: null,
  };
  // From the second coarsest level to the finest.
  const up = channels.slice(0, last).map((width, i) => ({
    resample: conv2d({ inputs: channels[i + 1], outputs: width, kernel: 3, padding: 1, dtype }),
    blocks: chainOf(2 * width, width),
    attention: attentionOf(i),
  }));
  const norm = groupNorm({ channels: channels[0], groups: groupsOf(channels[0], groups), dtype });
  const head = conv2d({
    inputs: channels[0],
    outputs,
    kernel: 3,
    padding: 1,
    weightInit: zeros,
    biasInit: zeros,
    dtype,
  });
  type Level = Pick<(typeof down)[number], 'blocks' | 'attention' | 'resample'>;

  const initLevel = (level: Level, key: random.Key): UnetLevelParams => {
    const [attentionKey, resampleKey, ...keys] = [...random.split(key, level.blocks.length + 2)];
    return {
      blocks: level.blocks.map((block, i) => block.init(keys[i])),
      ...(level.attention ? { attention: level.attention.init(attentionKey) } : {}),
      ...(level.resample ? { resample: level.resample.init(resampleKey) } : {}),
    };
  };
  const applyLevel = (level: Level, params: UnetLevelParams, x: Tensor, e: Tensor | null, key: random.Key | null) => {
    checkList('unet', 'blocks', params?.blocks, level.blocks.length);
    const keys = key && rate > 0 ? [...random.split(key, level.blocks.length)] : [];
    // The attention stands after the first block, so that the middle has one on either side of it.
    return level.blocks.reduce((h, block, i) => {
      const y = block.apply(params.blocks[i], h, e, keys[i] ?? null);
      if (i > 0 || !level.attention) return y;
      return level.attention.apply(partOf('unet', params, 'attention') as ImageAttentionParams, y);
    }, x);
  };

  return {
    inputs,
    outputs,
    init(key: random.Key): UnetParams {
      const [conditionKey, stemKey, middleKey, headKey, ...keys] = [...random.split(key, 4 + down.length + up.length)];
      return {
        condition: condition.init(conditionKey),
        stem: stem.init(stemKey),
        down: down.map((level, i) => initLevel(level, keys[i])),
        middle: initLevel(middle, middleKey),
        up: up.map((level, i) => initLevel(level, keys[down.length + i])),
        norm: norm.init(key),
        head: head.init(headKey),
      };
    },
    apply(params, x, options = {}) {
      const { key = null, ...given } = checkedOptions('unet', options, ['time', 'label', 'key']);
      checkChannels('unet', x, inputs, 2);
      checkList('unet', 'down', params?.down, down.length);
      checkList('unet', 'up', params.up, up.length);
      const e = condition.apply(partOf('unet', params, 'condition'), given, x);
      const keys = key && rate > 0 ? [...random.split(key, down.length + up.length + 1)] : [];
      const ends: Tensor[] = [];
      let h = stem.apply(partOf('unet', params, 'stem'), x);
      down.forEach((level, i) => {
        h = applyLevel(level, params.down[i], h, e, keys[i] ?? null);
        if (!level.resample) return;
        ends.push(h);
        h = level.resample.apply(partOf('unet', params.down[i], 'resample') as ConvParams, h);
      });
      h = applyLevel(middle, partOf('unet', params, 'middle'), h, e, keys[down.length + up.length] ?? null);
      for (let i = up.length - 1; i >= 0; i--) {
        const [, , height, width] = ends[i].shape;
        const wide = up[i].resample.apply(
          partOf('unet', params.up[i], 'resample') as ConvParams,
          doubled(h, height, width),
        );
        h = applyLevel(up[i], params.up[i], concat([wide, ends[i]], 1), e, keys[down.length + i] ?? null);
      }
      return head.apply(partOf('unet', params, 'head'), activate(norm.apply(partOf('unet', params, 'norm'), h)));
    },
  };
}
