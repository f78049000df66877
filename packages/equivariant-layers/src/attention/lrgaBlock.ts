import {
  type BatchNormParams,
  type BatchNormState,
  batchNorm,
  dropout,
  initializers,
  type LinearParams,
  linear,
} from '@flowfield/nn';
import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkTensor,
  concat,
  random,
  relu,
  type Tensor,
} from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import { checkFinite } from '../inputs/finite.ts';
import { checkedDType, checkedFlag } from '../inputs/params.ts';
import { checkedRate, graphNodes, type LrgaApplyOptions, type LrgaParams, lrga } from './lrga.ts';

export type LrgaBlockParams = { attention: LrgaParams; mix: LinearParams; norm?: BatchNormParams };
/** Running statistics of the batch normalization, where there is one. */
export type LrgaBlockState = { norm?: BatchNormState };

export interface LrgaBlockOptions {
  /** Features of a node before the local layer. */
  readonly inputs: number;
  /** Features that the local layer gives. */
  readonly local: number;
  readonly outputs: number;
  readonly rank: number;
  /** Whether the input joins the concatenation (default true). */
  readonly skip?: boolean;
  /** Whether ReLU and batch normalization follow the mixing (default true); the last block of a network has neither. */
  readonly norm?: boolean;
  /** Probability of dropout on attention and local features, with a key (default 0). */
  readonly dropout?: number;
  /** How much of the running statistics stays at each update (default 0.9). */
  readonly decay?: number;
  /** Default f32. */
  readonly dtype?: initializers.ParameterDType;
}

export interface LrgaBlockMode extends LrgaApplyOptions {
  /** Whether statistics are those of this batch, and the state learns them, or those of the state. */
  readonly training: boolean;
}

export interface LrgaBlock {
  readonly orderIn: 1;
  readonly orderOut: 1;
  readonly inputs: number;
  readonly outputs: number;
  init(key: random.Key): LrgaBlockParams;
  initState(key?: random.Key): LrgaBlockState;
  /** x [lead…, n, inputs] and what any local layer made of it, [lead…, n, local] -> [lead…, n, outputs], and the next state. */
  apply(
    params: LrgaBlockParams,
    state: LrgaBlockState,
    x: Tensor,
    local: Tensor,
    mode: LrgaBlockMode,
  ): [y: Tensor, next: LrgaBlockState];
}

/**
 * Global attention beside any local layer: BatchNorm(relu([LRGA(x), relu(local), x] M + b)), statistics over real nodes only. Puny et al. 2020, section 3.
 * @throws ArgumentError for unknown options or wrong numbers; `apply` throws as `lrga`, and LayerShapeError for local features of another shape.
 */
export function lrgaBlock(options: LrgaBlockOptions): LrgaBlock {
  const op = 'lrgaBlock';
  const {
    inputs,
    local: width,
    outputs,
    rank,
    skip = true,
    norm = true,
    dropout: rate = 0,
    decay = 0.9,
    dtype = 'f32',
  } = checkedOptions(op, options, ['inputs', 'local', 'outputs', 'rank', 'skip', 'norm', 'dropout', 'decay', 'dtype']);
  checkedWhole(`${op}: local`, width);
  checkedWhole(`${op}: outputs`, outputs);
  checkedFlag(`${op}: skip`, skip);
  checkedFlag(`${op}: norm`, norm);
  checkedDType(op, dtype);
  checkedRate(op, rate);
  const attention = lrga({ inputs, rank, dtype, dropout: rate });
  const mix = linear({
    inputs: 2 * rank + width + (skip ? inputs : 0),
    outputs,
    weightInit: initializers.glorotNormal,
    biasInit: initializers.zeros,
    dtype,
  });
  const scaled = norm ? batchNorm({ size: outputs, decay, dtype }) : null;

  return {
    orderIn: 1,
    orderOut: 1,
    inputs,
    outputs,
    init(key) {
      const [attentionKey, mixKey, normKey] = random.split(key, 3);
      return {
        attention: attention.init(attentionKey),
        mix: mix.init(mixKey),
        ...(scaled ? { norm: scaled.init(normKey) } : {}),
      };
    },
    initState: (key) => (scaled ? { norm: scaled.initState(key) } : {}),
    apply(params, state, x, local, mode) {
      const { mask, batch, key, training } = checkedOptions(`${op}: apply`, mode, ['mask', 'batch', 'key', 'training']);
      checkedFlag(`${op}: training`, training);
      if (!params?.attention || !params.mix || (params.norm !== undefined) !== norm) {
        throw new ArgumentError(
          `${op}: expected parameters { attention, mix${norm ? ', norm' : ''} }. Draw them with init(key) of a block with the same options.`,
        );
      }
      const nodes = graphNodes(op, x, inputs, mask, batch);
      checkTensor(op, 'local', local);
      const wanted = [...x.shape.slice(0, -1), width];
      if (local.shape.join() !== wanted.join()) {
        throw new LayerShapeError(
          `${op}: expected local features [${wanted.join(', ')}], got [${local.shape.join(', ')}]. Give what the local layer made of x.`,
        );
      }
      const [attentionKey, localKey] = key ? random.split(key) : [null, null];
      const where = { ...(nodes.mask ? { mask: nodes.mask } : {}), ...(batch ? { batch } : {}) };
      const around = attention.apply(params.attention, nodes.x, { ...where, key: attentionKey });
      const beside = nodes.masked(local);
      checkFinite(op, 'local features', beside);
      const near = dropout(localKey, relu(beside), { rate });
      const y = mix.apply(params.mix, concat(skip ? [around, near, nodes.x] : [around, near], -1));
      if (!scaled) return [nodes.masked(y), {}];
      const [normed, next] = scaled.apply(params.norm as BatchNormParams, state?.norm as BatchNormState, relu(y), {
        training,
        ...(nodes.mask ? { mask: nodes.mask } : {}),
      });
      return [nodes.masked(normed), { norm: next }];
    },
  };
}
