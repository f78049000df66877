import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkFunctions,
  erfInv,
  random,
  type Tensor,
  type TensorLike,
} from '@flowfield/tensor-webgpu';
import { checkedNumber } from './choices.ts';
import { returnedTensor } from './returned.ts';
import { asFloating, checkTimes } from './times.ts';

/** A distribution of training times on [0, 1]. */
export interface TimeDistribution {
  readonly name: string;
  /** The time below which a share u of the draws lies. */
  quantile(u: Tensor): Tensor;
  /** The density at t. Dividing a loss by it makes it the loss under uniform times. */
  density(t: TensorLike): Tensor;
}

export interface UniformTimesOptions {
  readonly from?: number;
  readonly to?: number;
}

/** Uniform on [from, to] (default [0, 1]). */
export function uniformTimes(options: UniformTimesOptions = {}): TimeDistribution {
  const { from = 0, to = 1 } = checkedOptions('uniformTimes', options, ['from', 'to']);
  if (!(from >= 0 && to <= 1 && from < to)) {
    throw new ArgumentError(`uniformTimes: expected 0 <= from < to <= 1, got ${from} and ${to}.`);
  }
  return {
    name: 'uniform',
    quantile: (u) => u.mul(to - from).add(from),
    density(t) {
      const time = asFloating(t);
      return time
        .greaterEqual(from)
        .logicalAnd(time.lessEqual(to))
        .astype(time.dtype)
        .div(to - from);
    },
  };
}

export interface LogitNormalOptions {
  /** Mean of the logit (default 0): above 0, more times near the data. */
  readonly mean?: number;
  /** Standard deviation of the logit (default 1). */
  readonly deviation?: number;
}

/**
 * ln(t / (1 - t)) ~ N(mean, deviation²). With time from noise to data, the mean has the opposite sign of that in
 * Esser et al. 2024, "Scaling Rectified Flow Transformers", section 3.1.
 */
export function logitNormalTimes(options: LogitNormalOptions = {}): TimeDistribution {
  const { mean = 0, deviation = 1 } = checkedOptions('logitNormalTimes', options, ['mean', 'deviation']);
  checkedNumber('logitNormalTimes: mean', mean, -Number.MAX_VALUE);
  checkedNumber('logitNormalTimes: deviation', deviation, Number.MIN_VALUE);
  return {
    name: `logitNormal(${mean}, ${deviation})`,
    quantile: (u) =>
      erfInv(u.mul(2).sub(1))
        .mul(Math.SQRT2 * deviation)
        .add(mean)
        .sigmoid(),
    density(t) {
      const time = asFloating(t);
      const rest = time.neg().add(1);
      const inner = time.mul(rest).greater(0);
      const [a, b] = [time.maximum(1e-30), rest.maximum(1e-30)];
      const score = a.log().sub(b.log()).sub(mean).div(deviation);
      const value = score
        .square()
        .mul(-0.5)
        .exp()
        .div(a.mul(b))
        .div(deviation * Math.sqrt(2 * Math.PI));
      return value.mul(inner.astype(time.dtype));
    },
  };
}

/** The largest scale for which the mode density stays positive, 2 / (π - 2). */
const LARGEST_MODE_SCALE = 2 / (Math.PI - 2);

/**
 * The distribution of u + s (u - sin²(πu/2)) for uniform u: for s > 0 more times in the middle, for s < 0 more at the
 * ends; s in [-1, 2 / (π - 2)].
 *
 * Source: Esser et al. 2024, "Scaling Rectified Flow Transformers", eq. 20.
 */
export function modeTimes(scale = 1.29): TimeDistribution {
  checkedNumber('modeTimes: scale', scale, -1, LARGEST_MODE_SCALE);
  const quantile = (u: Tensor): Tensor =>
    u.add(
      u
        .sub(
          u
            .mul(Math.PI / 2)
            .sin()
            .square(),
        )
        .mul(scale),
    );
  const slope = (u: Tensor): Tensor =>
    u
      .mul(Math.PI)
      .sin()
      .mul((-Math.PI / 2) * scale)
      .add(1 + scale);
  return {
    name: `mode(${scale})`,
    quantile,
    density(t) {
      // The inverse of the quantile by bisection: it is monotone, if barely so at the ends of the range of s.
      const time = asFloating(t);
      let [low, high] = [time.mul(0), time.mul(0).add(1)];
      for (let i = 0; i < BISECTIONS; i++) {
        const middle = low.add(high).mul(0.5);
        const below = quantile(middle).less(time).astype(time.dtype);
        [low, high] = [low.add(middle.sub(low).mul(below)), middle.add(high.sub(middle).mul(below))];
      }
      return slope(low.add(high).mul(0.5)).reciprocal();
    },
  };
}

const BISECTIONS = 45;

export interface SampleTimesOptions {
  /** A distribution of this package, or a function that takes uniform numbers to times in [0, 1] (default: uniform). */
  readonly distribution?: TimeDistribution | ((u: Tensor) => Tensor);
  /**
   * One time from each of `count` equal shares of the distribution, in random order: the mean of a loss over the batch
   * varies less (default false).
   */
  readonly stratified?: boolean;
  readonly dtype?: 'f32' | 'f64';
}

/**
 * `count` times for a training batch, [count].
 * @throws ArgumentError for options of another kind, and TimeRangeError when a function of the caller leaves [0, 1].
 */
export function sampleTimes(key: random.Key, count: number, options: SampleTimesOptions = {}): Tensor {
  const {
    distribution = uniformTimes(),
    stratified = false,
    dtype = 'f32',
  } = checkedOptions('sampleTimes', options, ['distribution', 'stratified', 'dtype']);
  checkedWhole('sampleTimes: count', count);
  const quantile = typeof distribution === 'function' ? distribution : distribution?.quantile;
  checkFunctions('sampleTimes', quantile);
  const keys = random.split(key);
  let u = random.uniform(keys.slice(0), [count], { dtype });
  if (stratified) u = random.permutation(keys.slice(1), count).astype(dtype).add(u).div(count);
  const times = returnedTensor('sampleTimes', 'times', quantile(u));
  if (times.shape.length !== 1 || times.shape[0] !== count) {
    throw new ArgumentError(
      `sampleTimes: expected the distribution to return times of shape [${count}], got [${times.shape.join(', ')}].`,
    );
  }
  checkTimes('sampleTimes', times);
  return times;
}
