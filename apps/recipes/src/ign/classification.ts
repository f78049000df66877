import { invariantNetwork } from '@flowfield/equivariant-layers';
import { initializers } from '@flowfield/nn';
import { concat, eye, type Tensor, where } from '@flowfield/tensor-webgpu';
import { crossValidated } from '../folds/crossValidation.ts';
import type { GraphBatch } from '../folds/graphBatches.ts';
import { graphSet, graphSetFiles } from '../folds/graphSet.ts';
import { type FoldGates, foldFigures, foldMetrics, foldPicture, foldsOf } from '../folds/readings.ts';
import type { Part } from '../part.ts';

interface Classification {
  readonly name: string;
  readonly summary: string;
  readonly remark?: string;
  readonly minutes: number;
  /** Its folder in the TU collection. */
  readonly set: string;
  readonly epochs: number;
  readonly learningRate: number;
  /** Of the learning rate after every 20 epochs. */
  readonly decay: number;
  readonly gates: FoldGates;
}

const BATCH = 5;
const QUICK_EPOCHS = 20;
const LEAST_RATE = 1e-5;

/** Graph classification over ten folds by the network of the paper: widths 16, 32, 256, largest entries, 512-256. */
export const classification = ({ set: name, epochs, learningRate, decay, gates, ...words }: Classification): Part => ({
  ...words,
  data: graphSetFiles(name),
  efforts: ['quick'],
  metrics: foldMetrics(gates),
  async run(context) {
    const { files, seed, effort } = context;
    const set = await graphSet(files, name, seed);
    const net = invariantNetwork({
      orders: [2, 2, 2, 2],
      channels: [1 + set.tags, 16, 32, 256],
      hidden: [512, 256],
      outputs: set.classes,
      pool: 'max',
      headInit: initializers.glorotUniform,
      headBiasInit: initializers.zeros,
    });
    const classifier = {
      init: net.init,
      apply: (params: ReturnType<typeof net.init>, batch: GraphBatch): Tensor =>
        net.apply(params, channels(batch), { mask: batch.mask }),
    };
    const curves = await crossValidated(context, set, foldsOf(set, effort), classifier, {
      epochs: effort === 'quick' ? Math.min(epochs, QUICK_EPOCHS) : epochs,
      learningRate: (epoch) => Math.max(learningRate * decay ** Math.floor(epoch / 20), LEAST_RATE),
      batch: BATCH,
    });
    return { figures: foldFigures(curves, set), pictures: { folds: foldPicture(`IGN on ${name}`, curves) } };
  },
});

/** N = D^(-1/2) A D^(-1/2) in channel 0, N + diag(tag is q) in channel 1 + q. */
function channels({ adjacency, tags }: GraphBatch): Tensor {
  const degrees = adjacency.sum({ axis: -1 });
  const scale = where(degrees.greater(0), degrees.maximum(1).rsqrt(), 0);
  const normalized = adjacency.mul(scale.expandDims(-1)).mul(scale.expandDims(-2)).expandDims(-1);
  if (tags.shape[2] === 0) return normalized;
  const marked = tags.expandDims(1).mul(eye(tags.shape[1]).expandDims(-1));
  return concat([normalized, normalized.add(marked)], -1);
}
