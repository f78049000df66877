import { schedulerAt } from '@flowfield/paths';
import { checkedOptions, checkFunctions, random, type Tensor, where } from '@flowfield/tensor-webgpu';
import { checkedNumber, checkOneOf } from '../choices.ts';
import { type ModelOptions, modelOptionNames, pathModel } from '../denoiser.ts';
import { evaluationsOf, type Velocity } from '../field.ts';
import { returnedScalar } from '../returned.ts';
import { floatType, scalarType, spread } from '../rows.ts';
import { type Correlation, checkCorrelation, glassCoefficients } from './glassCoefficients.ts';
import { type Transition, transitionOf } from './transition.ts';

export interface AncestralOptions extends ModelOptions {
  /** Correlation of the noises at both times (default 'ddpm'). */
  readonly rho?: Correlation;
}

/**
 * Ancestral sampling: the data in x_t' = γ x_t + ᾱ z + σ̄ e are taken for their mean E[z | x_t]. One model call per step,
 * of first order in the step; with rho 'ddpm' it is the sampler of DDPM (Ho et al. 2020). Coefficients as in `glass`.
 */
export function ancestral(model: Velocity, options: AncestralOptions): Transition {
  const { rho = 'ddpm' } = checkedOptions('ancestral', options, [...modelOptionNames, 'rho']);
  const known = pathModel('ancestral', model, options);
  checkCorrelation('ancestral', rho);
  return transitionOf(evaluationsOf(model), (x, t, tNext, key) => {
    const dtype = scalarType(x);
    const c = glassCoefficients(known.scheduler, t.astype(dtype), tNext.astype(dtype), rho);
    const noise = random.normal(key, x.shape, { dtype: floatType(x) });
    return x
      .mul(spread(c.gammaBar, x))
      .add(known.as('data', x, t).mul(spread(c.alphaBar, x)))
      .add(noise.mul(spread(c.sigmaBar, x)));
  });
}

/**
 * The deterministic step x_t' = (σ'/σ) x + (α' - α σ'/σ) E[z | x_t], exact for a constant prediction (DDIM, Song et al.
 * 2021). It needs no velocity, so that it starts at t = 0 on paths whose velocity is infinite there (kinetic-optimal ones).
 */
export function ddim(model: Velocity, options: ModelOptions): Transition {
  checkedOptions('ddim', options, modelOptionNames);
  const known = pathModel('ddim', model, options);
  return transitionOf(evaluationsOf(model), (x, t, tNext) => {
    const dtype = scalarType(x);
    const c = glassCoefficients(known.scheduler, t.astype(dtype), tNext.astype(dtype), 1);
    return x.mul(spread(c.gammaBar, x)).add(known.as('data', x, t).mul(spread(c.alphaBar, x)));
  });
}

export interface EulerMaruyamaOptions extends ModelOptions {
  /**
   * ε(t) of the SDE, half the squared noise rate: 'sigma' (default) is σ, finite everywhere; 'memoryless' is
   * σ² α'/α - σ σ', with which x_1 does not depend on x_0 (DDPM); or a number, or a function of t.
   */
  readonly diffusion?: 'sigma' | 'memoryless' | number | ((t: Tensor) => Tensor);
}

/**
 * A step of Euler-Maruyama for dX = (u + ε ∇ln p_t) dt + sqrt(2ε) dW, whose marginals are those of the flow for every
 * ε(t) >= 0. One model call per step. With 'memoryless' ε is infinite where α = 0, and the step from there is ancestral.
 * The field is looked at in the beginning of a step only, so that a chain may end at t = 1.
 *
 * Source: Song et al. 2021, "Score-Based Generative Modeling through SDEs"; Ma et al. 2024, "SiT", eq. 7.
 */
export function eulerMaruyama(model: Velocity, options: EulerMaruyamaOptions): Transition {
  const use = 'eulerMaruyama';
  const { diffusion = 'sigma' } = checkedOptions(use, options, [...modelOptionNames, 'diffusion']);
  const known = pathModel(use, model, options);
  if (typeof diffusion === 'number') checkedNumber(`${use}: diffusion`, diffusion, 0);
  else if (typeof diffusion === 'function') checkFunctions(use, diffusion);
  else checkOneOf(use, 'a diffusion', diffusion, ['sigma', 'memoryless']);
  return transitionOf(evaluationsOf(model), (x, t, tNext, key) => {
    const dtype = scalarType(x);
    const [now, next] = [t.astype(dtype), tNext.astype(dtype)];
    const h = next.sub(now);
    const { alphaT, sigmaT, dAlphaT, dSigmaT } = schedulerAt(known.scheduler, now);
    const moving = alphaT.greater(0);
    const safeAlpha = where(moving, alphaT, 1);
    const rate =
      diffusion === 'sigma'
        ? sigmaT
        : diffusion === 'memoryless'
          ? sigmaT.square().mul(dAlphaT.div(safeAlpha)).sub(sigmaT.mul(dSigmaT))
          : typeof diffusion === 'number'
            ? sigmaT.mul(0).add(diffusion)
            : returnedScalar(use, 'a diffusion', diffusion(now), sigmaT);
    // x, D and e are one prediction in three forms: x = α D + σ e.
    const data = known.as('data', x, t);
    const noisePart = x.sub(data.mul(spread(alphaT, x)));
    const perSigma = dSigmaT.sub(rate.div(sigmaT)).div(sigmaT);
    const drift = data.mul(spread(dAlphaT, x)).add(noisePart.mul(spread(perSigma, x)));
    const fresh = random.normal(key, x.shape, { dtype: floatType(x) });
    const moved = x.add(drift.mul(spread(h, x))).add(fresh.mul(spread(rate.mul(h).mul(2).maximum(0).sqrt(), x)));
    if (diffusion !== 'memoryless') return moved;
    const c = glassCoefficients(known.scheduler, now, next, 'ddpm');
    const first = data.mul(spread(c.alphaBar, x)).add(fresh.mul(spread(c.sigmaBar, x)));
    return where(moving, moved, first);
  });
}
