export type { ModelOptions } from './denoiser.ts';
export {
  frechetDistance,
  type Moments,
  momentsOf,
  type SlicedWassersteinOptions,
  slicedWasserstein,
  wasserstein1d,
} from './distances.ts';
export { type DivergenceMethod, divergence, type Hutchinson } from './divergence.ts';
export { ChainTimeError, GuidanceError, NonFiniteSampleError, WeightError } from './errors.ts';
export { type LikelihoodOptions, type LogLikelihood, logLikelihood, sampleWithLogLikelihood } from './logLikelihood.ts';
export { type BatchOptions, type BatchProgress, mapBatches } from './mapBatches.ts';
export { type SampleOptions, sampleOde } from './sampleOde.ts';
export { standardNormalLogDensity } from './standardNormal.ts';
export { type EmbeddedManifold, tangentField } from './tangentField.ts';
export { type ChainOptions, type ChainSample, type SampleChainOptions, sampleChain } from './transitions/chain.ts';
export { type GlassOptions, glass } from './transitions/glass.ts';
export { type Correlation, type GlassCoefficients, glassCoefficients } from './transitions/glassCoefficients.ts';
export { type GlassTransitionOptions, glassTransition } from './transitions/glassTransition.ts';
export { type ChainProgress, type RunChainOptions, runChain } from './transitions/runChain.ts';
export type { Transition } from './transitions/transition.ts';
export type { Velocity } from './velocity.ts';
