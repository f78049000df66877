import {
  ArgumentError,
  checkedOptions,
  checkFunctions,
  random,
  type Tensor,
  type TensorLike,
} from '@flowfield/tensor-webgpu';
import { PathShapeError } from './errors.ts';
import { checkPair, type Path, type PathInput, type PathSample } from './path.ts';
import { checkScheduler, coefficientsAt, type Scheduler } from './scheduler.ts';
import { condOTScheduler } from './schedulers/condOT.ts';
import { rootOf } from './schedulers/ratios.ts';
import { asFloating, asTimes, checkFinite, checkGiven, checkTimes, perRow } from './times.ts';

/** How much noise lies between the ends: γ >= 0 with γ(0) = γ(1) = 0. */
export interface Gamma {
  readonly name: string;
  gamma(t: TensorLike): Tensor;
  /** dγ / dt; where it is infinite, at the ends, a large finite value. */
  dGamma(t: TensorLike): Tensor;
}

export interface InterpolantInput extends PathInput {
  /** The noise z ~ N(0, I), of the shape of x1. One of noise and key is needed. */
  readonly noise?: TensorLike;
  /** Draws the noise. */
  readonly key?: random.Key;
}

/** A point of the interpolant and what is regressed there. */
export interface InterpolantSample extends PathSample {
  /** z; a network for E[z | x_t] gives the score -E[z | x_t] / γ. */
  readonly noise: Tensor;
  readonly gammaT: Tensor;
}

export interface InterpolantPath extends Path {
  readonly scheduler: Scheduler;
  readonly gamma: Gamma;
  sample<Extra extends object>(input: InterpolantInput & Extra): InterpolantSample & Omit<Extra, keyof PathSample>;
}

/** Keeps quotients by γ finite at the ends. */
const LEAST_VARIANCE = { f32: 1e-7, f64: 1e-14 };

/** γ = s sqrt(t (1 - t)), the standard deviation of a Brownian bridge of strength s (default 1). */
export function brownianGamma(strength = 1): Gamma {
  checkStrength('brownianGamma', strength);
  const bridge = (t: Tensor): Tensor => t.mul(t.neg().add(1));
  return {
    name: `brownian(${strength})`,
    gamma: (t) => rootOf(bridge(asFloating(t))).mul(strength),
    dGamma(t) {
      const time = asFloating(t);
      const root = bridge(time)
        .maximum(time.dtype === 'f64' ? LEAST_VARIANCE.f64 : LEAST_VARIANCE.f32)
        .sqrt();
      return time
        .mul(-2)
        .add(1)
        .div(root)
        .mul(strength / 2);
    },
  };
}

/** γ = s sin²(πt), smooth at both ends. */
export function sineSquaredGamma(strength = 1): Gamma {
  checkStrength('sineSquaredGamma', strength);
  return {
    name: `sineSquared(${strength})`,
    // As sin² of the nearer end's distance, so that it is 0 at t = 1 to the last digit.
    gamma: (t) => {
      const time = asFloating(t);
      return time.minimum(time.neg().add(1)).mul(Math.PI).sin().square().mul(strength);
    },
    dGamma: (t) =>
      asFloating(t)
        .mul(2 * Math.PI)
        .sin()
        .mul(strength * Math.PI),
  };
}

function checkStrength(use: string, strength: number): void {
  if (strength >= 0 && Number.isFinite(strength)) return;
  throw new ArgumentError(
    `${use}: expected a strength of at least 0, got ${strength}. 0 is the path without noise between.`,
  );
}

export interface InterpolantOptions {
  /** α and σ of the ends (default: the straight path). Both ends may be any distributions. */
  readonly scheduler?: Scheduler;
  /** Default: `brownianGamma()`. */
  readonly gamma?: Gamma;
}

/**
 * A stochastic interpolant, x_t = α x_1 + σ x_0 + γ z with z ~ N(0, I) of its own, between any two distributions,
 * paired or not. Its velocity target is dx_t = α' x_1 + σ' x_0 + γ' z; with b = E[dx_t | x_t] and the score
 * s = -E[z | x_t] / γ, the ODE with field b and, for every ε(t) >= 0, the SDE dX = (b + ε s) dt + sqrt(2ε) dW have the
 * law of x_t at every t. A sample holds the noise: regress it with `noise` as the target.
 *
 * For γ of a Brownian bridge γ' is infinite at both ends: draw times in (0, 1).
 *
 * Source: Albergo, Boffi and Vanden-Eijnden 2023, "Stochastic Interpolants".
 * @throws SchedulerError and ArgumentError for other kinds; (sample) as `affinePath`, and ArgumentError without noise and key.
 */
export function interpolantPath(options: InterpolantOptions = {}): InterpolantPath {
  const { scheduler = condOTScheduler(), gamma = brownianGamma() } = checkedOptions('interpolantPath', options, [
    'scheduler',
    'gamma',
  ]);
  checkScheduler('interpolantPath', scheduler);
  checkFunctions('interpolantPath', gamma?.gamma, gamma?.dGamma);
  const use = `interpolantPath(${scheduler.name}, ${gamma.name}).sample`;
  return {
    scheduler,
    gamma,
    sample<Extra extends object>(input: InterpolantInput & Extra) {
      checkGiven(use, 'x0, x1 and t', input);
      const { x0, x1 } = checkPair(use, input.x0, input.x1);
      const t = asTimes(use, input.t, x1);
      checkTimes(use, t);
      const noise = noiseOf(use, input, x1);
      const { alphaT, sigmaT, dAlphaT, dSigmaT } = coefficientsAt(scheduler, t);
      const gammaT = gamma.gamma(t);
      const combine = (a: Tensor, b: Tensor, c: Tensor): Tensor =>
        perRow(a, x1).mul(x1).add(perRow(b, x1).mul(x0)).add(perRow(c, x1).mul(noise));
      const { key: _key, ...rest } = input;
      const xt = combine(alphaT, sigmaT, gammaT);
      const dxt = combine(dAlphaT, dSigmaT, gamma.dGamma(t));
      return { ...(rest as Extra), x0, x1, t, xt, dxt, noise, gammaT };
    },
  };
}

function noiseOf(use: string, { noise, key }: InterpolantInput, x1: Tensor): Tensor {
  if (noise !== undefined) {
    const value = asFloating(noise);
    if (value.shape.join() === x1.shape.join()) {
      checkFinite(use, 'noise', value);
      return value.astype(x1.dtype);
    }
    throw new PathShapeError(
      `${use}: expected noise of the shape of x1 [${x1.shape.join(', ')}], got [${value.shape.join(', ')}]. Draw one for each element.`,
    );
  }
  if (key === undefined) {
    throw new ArgumentError(`${use}: the point holds noise of its own. Give { key } to draw it, or { noise }.`);
  }
  return random.normal(key, x1.shape, { dtype: x1.dtype as 'f32' | 'f64' });
}

export interface SchrodingerBridgePath extends InterpolantPath {
  /**
   * The entropic weight for pairs by `sinkhorn` with squared Euclidean costs that make the path the Schrödinger bridge
   * of s W: 2 s².
   */
  readonly regularization: number;
}

/**
 * The Brownian bridge path x_t = t x_1 + (1 - t) x_0 + s sqrt(t (1 - t)) z. With pairs drawn from the entropic plan of
 * `regularization`, its marginal field is the probability flow of the Schrödinger bridge from the source to the data, with
 * the Brownian motion s W as reference; the drift of the bridge itself is b + (s²/2) · score.
 *
 * Source: Tong et al. 2023, "Simulation-free Schrödinger bridges via score and flow matching".
 * @throws ArgumentError unless s > 0; (sample) as `interpolantPath`.
 */
export function schrodingerBridgePath(strength: number): SchrodingerBridgePath {
  if (!(strength > 0)) checkStrength('schrodingerBridgePath', Number.NaN);
  return { ...interpolantPath({ gamma: brownianGamma(strength) }), regularization: 2 * strength ** 2 };
}
