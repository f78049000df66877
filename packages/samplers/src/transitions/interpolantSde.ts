import { brownianGamma, type Gamma } from '@flowfield/paths';
import { checkedOptions, checkFunctions, random, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber, checkOneOf } from '../choices.ts';
import { evaluationsOf, type Velocity } from '../field.ts';
import { returnedLike, returnedScalar } from '../returned.ts';
import { floatType, perRow, scalarType, spread } from '../rows.ts';
import { type Transition, transitionOf } from './transition.ts';

/** The two networks of a stochastic interpolant. */
export interface InterpolantFields {
  /** b = E[dx_t | x_t]. */
  readonly velocity: Velocity;
  /** η = E[z | x_t]. */
  readonly noise: Velocity;
}

export interface InterpolantSdeOptions {
  /** γ of the path (default `brownianGamma()`). */
  readonly gamma?: Gamma;
  /** ε(t) >= 0: 'gamma' (default) is γ, for which the drift is b - η; a number (s²/2 for a Schrödinger bridge), or a function. */
  readonly diffusion?: 'gamma' | number | ((t: Tensor) => Tensor);
}

/** Keeps ε / γ finite where γ = 0. */
const LEAST_GAMMA = 1e-6;

/**
 * A step of Euler-Maruyama for dX = (b - (ε/γ) η) dt + sqrt(2ε) dW, which has the law of a stochastic interpolant at every t,
 * for every ε(t) >= 0. From the bridge path of strength s with ε = s²/2 it is the Schrödinger bridge itself. Where γ = 0, at
 * both ends, take 'gamma', or a grid inside.
 *
 * Source: Albergo, Boffi and Vanden-Eijnden 2023, "Stochastic Interpolants", theorem 18; Tong et al. 2023,
 * "Simulation-free Schrödinger bridges via score and flow matching".
 * @throws ArgumentError for fields or options of another kind.
 */
export function interpolantSde(fields: InterpolantFields, options: InterpolantSdeOptions = {}): Transition {
  const use = 'interpolantSde';
  const { velocity, noise } = checkedOptions(use, fields, ['velocity', 'noise']);
  checkFunctions(use, velocity, noise);
  const { gamma = brownianGamma(), diffusion = 'gamma' } = checkedOptions(use, options, ['gamma', 'diffusion']);
  checkFunctions(use, gamma?.gamma);
  if (typeof diffusion === 'number') checkedNumber(`${use}: diffusion`, diffusion, 0);
  else if (typeof diffusion !== 'function') checkOneOf(use, 'a diffusion', diffusion, ['gamma']);
  return transitionOf(evaluationsOf(velocity) + evaluationsOf(noise), (x, t, tNext, key) => {
    const dtype = scalarType(x);
    const now = t.astype(dtype);
    const h = tNext.astype(dtype).sub(now);
    const level = gamma.gamma(now);
    const rate =
      diffusion === 'gamma'
        ? level
        : typeof diffusion === 'number'
          ? level.mul(0).add(diffusion)
          : returnedScalar(use, 'a diffusion', diffusion(now), level);
    const ratio = diffusion === 'gamma' ? level.mul(0).add(1) : rate.div(level.maximum(LEAST_GAMMA));
    const times = perRow(t, x);
    const call = (field: Velocity, what: string): Tensor => returnedLike(use, what, field(x, times), x);
    const drift = call(velocity, 'a velocity').sub(call(noise, 'noise').mul(spread(ratio, x)));
    const fresh = random.normal(key, x.shape, { dtype: floatType(x) });
    return x.add(drift.mul(spread(h, x))).add(fresh.mul(spread(rate.mul(h).mul(2).maximum(0).sqrt(), x)));
  });
}
