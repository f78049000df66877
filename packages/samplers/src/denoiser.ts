import { convert, type Prediction, type Scheduler, schedulerAt } from '@flowfield/paths';
import { ArgumentError, checkFunctions, type Tensor, TraceError, tensor } from '@flowfield/tensor-webgpu';
import { checkOneOf } from './choices.ts';
import type { Velocity } from './field.ts';
import { returnedLike } from './returned.ts';
import { perRow } from './rows.ts';

/** What a trained network is: on which path, and what it predicts. */
export interface ModelOptions {
  /** The scheduler of the path that the model was trained on. */
  readonly scheduler: Scheduler;
  /** What the model predicts (default: 'velocity'). */
  readonly prediction?: Prediction;
  /**
   * The times at which the model may be called; others are clipped to them. Default [0, 1], but from 1e-3 on for models
   * that tell nothing at t = 0: of noise or score, and velocities of paths that start at rest.
   */
  readonly timeRange?: readonly [number, number];
}

export const modelOptionNames = [
  'scheduler',
  'prediction',
  'timeRange',
] as const satisfies readonly (keyof ModelOptions)[];

/** A model on its path, in the forms that samplers ask for. */
export interface PathModel {
  readonly scheduler: Scheduler;
  /** The prediction at x (batch, …) and t (scalar or (batch)), in another form. */
  as(form: Prediction, x: Tensor, t: Tensor): Tensor;
}

/** From this time on a model that tells nothing at t = 0 is called. */
const LEAST_TIME = 1e-3;

/** Throws unless the options describe a model. */
export function pathModel(use: string, model: Velocity, options: ModelOptions): PathModel {
  checkFunctions(use, model);
  const { scheduler, prediction = 'velocity', timeRange } = options;
  checkOneOf(use, 'a kind of prediction', prediction, ['velocity', 'data', 'noise', 'score']);
  // Names a scheduler that is none.
  schedulerAt(scheduler, 0.5);
  if (timeRange !== undefined && !Array.isArray(timeRange)) {
    throw new ArgumentError(`${use}: expected timeRange as [from, to], got ${String(timeRange)}. Put it in brackets.`);
  }
  const [from, to] = timeRange ?? [blindAtStart(scheduler, prediction) ? LEAST_TIME : 0, 1];
  if (!(from >= 0 && to <= 1 && from < to)) {
    throw new ArgumentError(`${use}: expected timeRange [from, to] with 0 <= from < to <= 1, got [${from}, ${to}].`);
  }
  const whole = from === 0 && to === 1;
  return {
    scheduler,
    as(form, x, t) {
      const time = perRow(whole ? t : t.clip(from, to), x);
      const given = returnedLike(use, 'a prediction', model(x, time), x);
      return convert(scheduler, given, { from: prediction, to: form, xt: x, t: time });
    },
  };
}

/** Whether the prediction at t = 0 says nothing about the data. */
function blindAtStart(scheduler: Scheduler, prediction: Prediction): boolean {
  if (prediction === 'data') return false;
  if (scheduler.zeros) return (prediction === 'velocity' ? scheduler.zeros.delta : scheduler.zeros.alpha) === 0;
  try {
    const { alphaT, sigmaT, dAlphaT, dSigmaT } = schedulerAt(scheduler, tensor(0, { dtype: 'f64', device: 'cpu' }));
    const [alpha, sigma, dAlpha, dSigma] = [alphaT, sigmaT, dAlphaT, dSigmaT].map((c) => c.item());
    return prediction === 'velocity' ? !(dAlpha * sigma - dSigma * alpha > 1e-12) : !(alpha > 1e-12);
  } catch (error) {
    if (error instanceof TraceError) return prediction !== 'velocity';
    throw error;
  }
}
