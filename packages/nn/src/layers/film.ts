import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  type random,
  ShapeError,
  type Tensor,
} from '@flowfield/tensor-webgpu';
import { zeros } from '../initializers/constant.ts';
import type { Initializer, ParameterDType } from '../initializers/initializer.ts';
import { checkLastAxis, checkTensors } from './layer.ts';
import { type LinearParams, linear } from './linear.ts';

export interface FilmOptions {
  /** The extent of the last axis of the condition. */
  readonly condition: number;
  /** The extent of the axis of x that is modulated. */
  readonly size: number;
  /** Where that axis is: the last one (default), or the second, of images [N, C, H, W] with a condition [N, …]. */
  readonly axis?: -1 | 1;
  /** Default `zeros`: x as it is at the start. */
  readonly weightInit?: Initializer;
  readonly biasInit?: Initializer;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

export interface Film {
  readonly condition: number;
  readonly size: number;
  init(key: random.Key): LinearParams;
  apply(params: LinearParams, x: Tensor, condition: Tensor): Tensor;
}

/**
 * x (1 + γ) + β with [γ, β] = condition W + b (Perez et al. 2018, in the form of Peebles & Xie 2023): x [..., size] with a condition
 * that broadcasts to [..., condition], or x [N, size, …] with one [N, condition].
 * @throws ArgumentError for extents below 1, an axis that is neither -1 nor 1 or an unknown option; `apply` throws ShapeError for an
 *   x or a condition that does not fit, ArgumentError and ShapeError for parameters of another layer.
 */
export function film(options: FilmOptions): Film {
  const {
    condition,
    size,
    axis = -1,
    weightInit = zeros,
    biasInit = zeros,
    dtype,
  } = checkedOptions('film', options, ['condition', 'size', 'axis', 'weightInit', 'biasInit', 'dtype']);
  checkedWhole('film: condition', condition);
  checkedWhole('film: size', size);
  if (axis !== -1 && axis !== 1) {
    throw new ArgumentError(`film: axis must be -1 (the last) or 1 (of [N, C, …]), got ${String(axis)}.`);
  }
  const layer = linear({ inputs: condition, outputs: 2 * size, weightInit, biasInit, dtype });
  return {
    condition,
    size,
    init: (key) => layer.init(key),
    apply(params, x, given) {
      checkTensors('film', { x, condition: given });
      checkLastAxis('film: condition', given, condition);
      const fits = axis === 1 ? x.shape[1] === size && given.shape.length === 2 : x.shape.at(-1) === size;
      if (!fits) {
        throw new ShapeError(
          `film: expected x of shape ${axis === 1 ? `[N, ${size}, …] with a condition [N, ${condition}]` : `[..., ${size}]`}, got [${x.shape.join(', ')}] and [${given.shape.join(', ')}].`,
        );
      }
      const both = layer.apply(params, given);
      const places = axis === 1 ? x.shape.slice(2).map(() => 1) : [];
      const part = (from: number): Tensor => {
        const half = both.slice('...', [from, from + size]);
        return half.reshape([...half.shape, ...places]);
      };
      return x.mul(part(0).add(1)).add(part(size));
    },
  };
}
