import { checkedOptions, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { checkOneOf } from './choices.ts';
import { type Coefficients, denominator, withDelta } from './denominators.ts';
import { PathShapeError } from './errors.ts';
import { checkScheduler, coefficientsAt, type Scheduler } from './scheduler.ts';
import { asFloating, asTimes, checkFinite, checkGiven, checkTimes, perRow } from './times.ts';

/**
 * What a network predicts at (x_t, t): the marginal `velocity` u, the `data` D = E[x_1 | x_t], the `noise`
 * e = E[x_0 | x_t], or the `score` ∇ ln p_t(x_t).
 */
export type Prediction = 'velocity' | 'data' | 'noise' | 'score';

/** All kinds of prediction. */
const predictions = ['velocity', 'data', 'noise', 'score'] as const satisfies readonly Prediction[];

export interface ConvertOptions {
  readonly from: Prediction;
  readonly to: Prediction;
  /** Where the prediction was made, (batch, …). */
  readonly xt: TensorLike;
  /** A scalar or (batch). */
  readonly t: TensorLike;
}

/** target = (onX · x_t + onPrediction · prediction) / (product of `over`). */
interface Conversion {
  /** 0 if left out. */
  readonly onX?: (c: Coefficients) => Tensor | number;
  readonly onPrediction: (c: Coefficients) => Tensor | number;
  /** 1 if left out. */
  readonly over?: readonly (keyof Coefficients)[];
}

// One row per source, each with the only denominators that it cannot do without. α is 0 at t = 0, σ at
// t = 1, and Δ only at t = 0 of schedules that start at rest, such as t².
const CONVERSIONS: Readonly<Record<Prediction, Readonly<Partial<Record<Prediction, Conversion>>>>> = {
  velocity: {
    data: { onX: (c) => c.dSigmaT.neg(), onPrediction: (c) => c.sigmaT, over: ['delta'] },
    noise: { onX: (c) => c.dAlphaT, onPrediction: (c) => c.alphaT.neg(), over: ['delta'] },
    score: { onX: (c) => c.dAlphaT.neg(), onPrediction: (c) => c.alphaT, over: ['delta', 'sigmaT'] },
  },
  data: {
    velocity: { onX: (c) => c.dSigmaT, onPrediction: (c) => c.delta, over: ['sigmaT'] },
    noise: { onX: () => 1, onPrediction: (c) => c.alphaT.neg(), over: ['sigmaT'] },
    score: { onX: () => -1, onPrediction: (c) => c.alphaT, over: ['sigmaT', 'sigmaT'] },
  },
  noise: {
    velocity: { onX: (c) => c.dAlphaT, onPrediction: (c) => c.delta.neg(), over: ['alphaT'] },
    data: { onX: () => 1, onPrediction: (c) => c.sigmaT.neg(), over: ['alphaT'] },
    score: { onPrediction: () => -1, over: ['sigmaT'] },
  },
  score: {
    velocity: { onX: (c) => c.dAlphaT, onPrediction: (c) => c.delta.mul(c.sigmaT), over: ['alphaT'] },
    data: { onX: () => 1, onPrediction: (c) => c.sigmaT.mul(c.sigmaT), over: ['alphaT'] },
    noise: { onPrediction: (c) => c.sigmaT.neg() },
  },
};

/**
 * The same knowledge about x_t in another form: the `to` that belongs to the prediction `from` at (x_t, t) on the
 * affine path of `scheduler`. With Δ = α'σ - σ'α:
 *
 *   u = (σ'/σ) x + (Δ/σ) D = (α'/α) x - (Δ/α) e,  D = (σu - σ'x) / Δ,  e = (α'x - αu) / Δ,  x = αD + σe,  score = -e / σ.
 *
 * Each of the twelve directions uses the form with the fewest denominators. Those from noise or score, but for
 * noise ↔ score, divide by α and have no value at t = 0 of most schedules; those from data, and those to the score,
 * divide by σ and have none at t = 1; those from the velocity divide by Δ, which is 0 at t = 0 of polynomial schedules
 * with n > 1: the velocity there is 0 whatever the data are, so that even the score is refused.
 *
 * `prediction` and `xt` are (batch, …) of equal shape; t is a scalar or (batch). The result has their shape.
 *
 * Source: Lipman et al. 2024, "Flow Matching Guide and Code", section 4.8.
 * From f32 arguments near an end, what is lost is lost: data that differ from x_t by less than its rounding have no velocity.
 *
 * @throws SchedulerError for something else than a scheduler; SingularConversionError at such a time, when t is a number or the call is eager
 * (on a GPU from the next read of a tensor); inside a trace the denominator is kept at 1e-12 instead, and the result is
 * finite. PathShapeError, TimeShapeError and TimeRangeError for arguments that do not fit; NonFinitePointError for NaN and infinity in an eager call.
 */
export function convert(scheduler: Scheduler, prediction: TensorLike, options: ConvertOptions): Tensor {
  checkedOptions('convert', options, ['from', 'to', 'xt', 't']);
  const { from, to, xt, t } = options;
  const use = `convert from ${from} to ${to}`;
  for (const kind of [from, to]) checkOneOf('convert', 'a kind of prediction', kind, predictions);
  checkScheduler('convert', scheduler);
  checkGiven(use, 'xt', xt);
  checkGiven(use, 'the prediction', prediction);
  const x = asFloating(xt);
  const given = asFloating(prediction);
  if (given.shape.length !== x.shape.length || given.shape.some((extent, i) => extent !== x.shape[i])) {
    throw new PathShapeError(
      `${use}: expected a prediction of the shape of xt [${x.shape.join(', ')}], got [${given.shape.join(', ')}]. Predict one vector per row.`,
    );
  }
  checkFinite(use, 'xt', x);
  checkFinite(use, 'predictions', given);
  const times = asTimes(use, t, x);
  checkTimes(use, times);
  if (from === to) return given;
  const coefficients = withDelta(coefficientsAt(scheduler, times));
  const conversion = CONVERSIONS[from][to] as Conversion;
  const scaled = (factor: Tensor | number, vector: Tensor): Tensor =>
    vector.mul(typeof factor === 'number' ? factor : perRow(factor, x));
  let total = scaled(conversion.onPrediction(coefficients), given);
  if (conversion.onX) total = total.add(scaled(conversion.onX(coefficients), x));
  if (!conversion.over) return total;
  return conversion.over.reduce(
    (quotient, which) => quotient.div(perRow(denominator(use, scheduler, which, coefficients, times), x)),
    total,
  );
}
