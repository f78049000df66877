import { ArgumentError, checkedWhole, checkTensor, random, ShapeError, type Tensor } from '@flowfield/tensor-webgpu';
import type { Activation } from '../activations/activation.ts';
import { sinusoidalFeatures } from '../features/sinusoidal.ts';
import type { ParameterDType } from '../initializers/initializer.ts';
import { type EmbeddingParams, embedding as embeddingTable } from '../layers/embedding.ts';
import { partOf } from '../layers/layer.ts';
import { type MlpParams, mlp } from '../layers/mlp.ts';

/** A network over the features of the time, and a row for each label; each only where there is such a condition. */
export type ConditionParams = { time?: MlpParams; label?: EmbeddingParams };

export interface UnetCondition {
  /** [N], or a scalar for all images. */
  readonly time?: Tensor;
  /** [N] integers. */
  readonly label?: Tensor;
}

interface ConditionOptions {
  readonly time?: boolean;
  readonly classes?: number;
  readonly embedding: number;
  readonly timeScale?: number;
  readonly activate: Activation;
  readonly dtype?: ParameterDType;
}

/** Throws `ArgumentError` unless `given` is there exactly where it is `expected`. */
function checkPresence(what: 'time' | 'label', given: Tensor | undefined, expected: boolean, remedy: string): void {
  if ((given !== undefined) === expected) return;
  throw new ArgumentError(
    expected
      ? `unet: expected a ${what} for each image, got none. Give it as apply(params, x, { ${what} }).`
      : `unet: expected no ${what}, got one. Make the network with ${remedy}.`,
  );
}

/** The embedding [N, size] of time and label: network(sinusoidal features of the time) + row of the label. */
export function unetCondition(options: ConditionOptions) {
  const { time: timed = true, classes = 0, embedding, timeScale = 1000, activate, dtype } = options;
  checkedWhole('unet: classes', classes, 0);
  checkedWhole('unet: embedding', embedding);
  const features = sinusoidalFeatures({ size: 2 * Math.ceil(embedding / 4), scale: timeScale });
  const network = timed
    ? mlp({ inputs: features.outputs, hidden: [embedding], outputs: embedding, activation: activate, dtype })
    : null;
  const table = classes > 0 ? embeddingTable({ count: classes, size: embedding, dtype }) : null;
  return {
    /** Features of the embedding; 0 where there is no condition. */
    size: network || table ? embedding : 0,
    init(key: random.Key): ConditionParams {
      const [timeKey, labelKey] = random.split(key);
      return {
        ...(network ? { time: network.init(timeKey) } : {}),
        ...(table ? { label: table.init(labelKey) } : {}),
      };
    },
    apply(params: ConditionParams, { time, label }: UnetCondition, x: Tensor): Tensor | null {
      checkPresence('time', time, network !== null, 'time: true');
      checkPresence('label', label, table !== null, 'classes, the number of labels');
      const [rows] = x.shape;
      const perImage = (what: string, given: Tensor, scalar: boolean): Tensor => {
        checkTensor('unet', what, given);
        if (given.shape.length === 1 && given.shape[0] === rows) return given;
        if (scalar && given.shape.length === 0) return given.reshape([1]).broadcastTo([rows]);
        throw new ShapeError(
          `unet: expected a ${what} of shape [${rows}] beside x of [${x.shape.join(', ')}], got [${given.shape.join(', ')}].`,
        );
      };
      let sum: Tensor | null = null;
      if (network && time) {
        const made = features.apply(perImage('time', time, true).astype(x.dtype));
        sum = network.apply(partOf('unet', params, 'time') as MlpParams, made);
      }
      if (table && label) {
        const row = table.apply(partOf('unet', params, 'label') as EmbeddingParams, perImage('label', label, false));
        sum = sum ? sum.add(row) : row;
      }
      return sum;
    },
  };
}
