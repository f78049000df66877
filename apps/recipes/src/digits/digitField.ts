import {
  type EmbeddingParams,
  embedding,
  type MlpParams,
  mlp,
  sinusoidalFeatures,
  type UnetParams,
  unet,
} from '@flowfield/nn';
import { concat, type random, type Tensor } from '@flowfield/tensor-webgpu';
import { DIGITS } from './digitImages.ts';

/** The label that stands for none. */
export const NONE = DIGITS;
const TIME_FEATURES = 32;
const LABEL_FEATURES = 32;

export interface DigitFieldParams {
  readonly net: MlpParams | UnetParams;
  readonly label?: EmbeddingParams;
}

/** A velocity on rows of pixels, of a digit where it takes labels. */
export interface DigitField {
  readonly words: string;
  init(key: random.Key): DigitFieldParams;
  /** x (n, side²), t (n), label (n) or none. */
  velocity(params: DigitFieldParams, x: Tensor, t: Tensor, label?: Tensor): Tensor;
}

/** Hidden layers of the multilayer network, or channels of each level of the U-Net. */
export type DigitNetwork = { readonly hidden: readonly number[] } | { readonly channels: readonly number[] };

/** The network of a field; `labelled` ones take 0 to 9 and {@link NONE}. */
export function digitField(network: DigitNetwork, { side, labelled }: { side: number; labelled: boolean }): DigitField {
  return 'hidden' in network
    ? perceptron(network.hidden, side, labelled)
    : convolutional(network.channels, side, labelled);
}

function perceptron(hidden: readonly number[], side: number, labelled: boolean): DigitField {
  const time = sinusoidalFeatures({ size: TIME_FEATURES, scale: 100 });
  const table = labelled ? embedding({ count: DIGITS + 1, size: LABEL_FEATURES }) : null;
  const net = mlp({
    inputs: side ** 2 + time.outputs + (table?.outputs ?? 0),
    hidden: [...hidden],
    outputs: side ** 2,
    activation: 'silu',
  });
  return {
    words: `${hidden.length} x ${hidden[0]}`,
    init: (key) => ({ net: net.init(key), ...(table && { label: table.init(key) }) }),
    velocity(params, x, t, label) {
      const given = table && label ? [table.apply(params.label as EmbeddingParams, label)] : [];
      return net.apply(params.net as MlpParams, concat([x, time.apply(t), ...given], -1));
    },
  };
}

function convolutional(channels: readonly number[], side: number, labelled: boolean): DigitField {
  const net = unet({ inputs: 1, channels, classes: labelled ? DIGITS + 1 : 0 });
  return {
    words: `a U-Net of ${channels.join(' and ')} channels`,
    init: (key) => ({ net: net.init(key) }),
    velocity(params, x, t, label) {
      const image = x.reshape([x.shape[0], 1, side, side]);
      return net.apply(params.net as UnetParams, image, { time: t, ...(label && { label }) }).reshape(x.shape);
    },
  };
}
