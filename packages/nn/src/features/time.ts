import {
  broadcastTo,
  checkedOptions,
  checkedWhole,
  checkTensor,
  concat,
  expandDims,
  full,
  ShapeError,
  type Tensor,
} from '@flowfield/tensor-webgpu';

/** Features of a time in [0, 1]. */
export interface TimeFeatures {
  readonly outputs: number;
  /** t [...] -> [..., outputs]. */
  apply(t: Tensor): Tensor;
}

/**
 * (sin(k π t), cos(k π t)) for k = 1 … frequencies: all sines, then all cosines. With one frequency t = 0 and t = 1 stay
 * apart, which full periods would not allow.
 * @throws ArgumentError for a number of frequencies below 1.
 */
export function timeFeatures(options: { readonly frequencies?: number } = {}): TimeFeatures {
  const { frequencies = 1 } = checkedOptions('timeFeatures', options, ['frequencies']);
  checkedWhole('timeFeatures: frequencies', frequencies);
  return {
    outputs: 2 * frequencies,
    apply(t: Tensor): Tensor {
      checkTensor('timeFeatures', 't', t);
      const column = t.reshape([...t.shape, 1]);
      const angles = concat(
        Array.from({ length: frequencies }, (_, k) => column.mul((k + 1) * Math.PI)),
        -1,
      );
      return concat([angles.sin(), angles.cos()], -1);
    },
  };
}

/** The time itself as its only feature. */
export const rawTime: TimeFeatures = { outputs: 1, apply: (t) => expandDims(t, -1) };

/**
 * [x, features(t)] along the last axis: x [..., n] -> [..., n + features.outputs]. `t` is a number or a scalar, or has the shape of x
 * without its last axis, or that shape with a last extent of 1.
 * @throws ShapeError for any other t; ArgumentError for what is no tensor.
 */
export function appendTime(x: Tensor, time: Tensor | number, features: TimeFeatures = rawTime): Tensor {
  checkTensor('appendTime', 'x', x);
  const t = typeof time === 'number' ? full([], time, { dtype: x.dtype, device: x.device?.name }) : time;
  checkTensor('appendTime', 't', t);
  const rows = x.shape.slice(0, -1);
  const fits =
    t.shape.length === 0 ||
    ((t.shape.length === rows.length || (t.shape.length === x.shape.length && t.shape[rows.length] === 1)) &&
      rows.every((extent, i) => extent === t.shape[i]));
  if (!fits || x.shape.length === 0) {
    throw new ShapeError(
      `appendTime: expected t of shape [], [${rows.join(', ')}] or [${[...rows, 1].join(', ')}] beside x of [${x.shape.join(', ')}], got [${t.shape.join(', ')}].`,
    );
  }
  const flat = t.shape.length === x.shape.length ? t.reshape(rows) : t;
  const made = features.apply(flat.astype(x.dtype));
  return concat([x, broadcastTo(made, [...rows, features.outputs])], -1);
}
