import { type Scheduler, schedulerAt } from '@flowfield/paths';
import { ArgumentError, type Tensor } from '@flowfield/tensor-webgpu';

/** The correlation of the noises at t and tNext: a number in [-1, 1], or that of ancestral (DDPM) sampling. */
export type Correlation = number | 'ddpm';

/**
 * What a transition needs to know of the path: given the data z, x_t' = γ x_t + ᾱ z + σ̄ e with fresh noise e, where
 * γ = ρ σ'/σ, ᾱ = α' - γ α, σ̄ = σ' sqrt(1 - ρ²) (a prime means tNext).
 */
export interface GlassCoefficients {
  readonly alphaT: Tensor;
  readonly sigmaT: Tensor;
  readonly rho: Tensor;
  readonly gammaBar: Tensor;
  readonly alphaBar: Tensor;
  readonly sigmaBar: Tensor;
}

/** The coefficients for times of any one shape, in their dtype; `rho: 'ddpm'` is α σ' / (σ α'). */
export function glassCoefficients(scheduler: Scheduler, t: Tensor, tNext: Tensor, rho: Correlation): GlassCoefficients {
  const { alphaT, sigmaT } = schedulerAt(scheduler, t);
  const next = schedulerAt(scheduler, tNext);
  const noiseRatio = next.sigmaT.div(sigmaT);
  const correlation = rho === 'ddpm' ? alphaT.div(next.alphaT).mul(noiseRatio) : noiseRatio.mul(0).add(rho);
  const gammaBar = correlation.mul(noiseRatio);
  return {
    alphaT,
    sigmaT,
    rho: correlation,
    gammaBar,
    alphaBar: next.alphaT.sub(gammaBar.mul(alphaT)),
    sigmaBar: next.sigmaT.mul(correlation.square().neg().add(1).maximum(0).sqrt()),
  };
}

/** Throws `ArgumentError` unless rho is 'ddpm' or a number in [-1, 1]. */
export function checkCorrelation(use: string, rho: Correlation): Correlation {
  if (rho === 'ddpm' || (typeof rho === 'number' && rho >= -1 && rho <= 1)) return rho;
  throw new ArgumentError(
    `${use}: expected rho as a correlation in [-1, 1] or 'ddpm', got ${typeof rho === 'string' ? `'${rho}'` : String(rho)}. 0.4 is a good choice.`,
  );
}
