export { type BitsOptions, bitsPerDimension } from './bitsPerDimension.ts';
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
export type { Velocity } from './field.ts';
export { type CfgPlusPlusOptions, cfgPlusPlus } from './guidance/cfgPlusPlus.ts';
export {
  type ConditionalModel,
  type GuidanceWeight,
  type GuidedFields,
  type GuidedModelOptions,
  type GuidedOptions,
  guided,
  guidedByMany,
  guidedModel,
  type WeightedCondition,
} from './guidance/guided.ts';
export {
  type InverseProblemOptions,
  inverseProblemGuided,
  type RewardOptions,
  rewardGuided,
} from './guidance/rewardGuided.ts';
export { cosineGuidance, type GuidanceSchedule, guidanceInterval, linearGuidance } from './guidance/weights.ts';
export { type LikelihoodOptions, type LogLikelihood, logLikelihood, sampleWithLogLikelihood } from './logLikelihood.ts';
export { type BatchOptions, type BatchProgress, mapBatches } from './mapBatches.ts';
export { type RenoiseOptions, renoise } from './renoise.ts';
export { type OdeSample, type SampleOptions, sampleOde } from './sampleOde.ts';
export { sampleRestart } from './sampleRestart.ts';
export { standardNormalLogDensity } from './standardNormal.ts';
export { type BestSamples, bestOfN } from './steering/bestOfN.ts';
export type { Potential } from './steering/potentials.ts';
export { type ResampleOptions, type ResamplingScheme, resample } from './steering/resample.ts';
export { type SteeredSamples, type SteerOptions, type SteerProgress, steer } from './steering/steer.ts';
export { effectiveSampleSize, type Numbers, temperingStep } from './steering/weights.ts';
export { type SampleChunk, type StreamOptions, streamSamples } from './streamSamples.ts';
export { type EmbeddedManifold, tangentField } from './tangentField.ts';
export { type ChainOptions, type ChainSample, type SampleChainOptions, sampleChain } from './transitions/chain.ts';
export { type ChurnOptions, churn, odeStep, type Restart, type RestartOptions } from './transitions/churn.ts';
export { type DiscreteEulerOptions, discreteEuler, type TokenModel } from './transitions/discreteEuler.ts';
export { type GlassOptions, glass, glassTrajectory } from './transitions/glass.ts';
export { type Correlation, type GlassCoefficients, glassCoefficients } from './transitions/glassCoefficients.ts';
export { type GlassTransitionOptions, glassTransition } from './transitions/glassTransition.ts';
export { type InterpolantFields, type InterpolantSdeOptions, interpolantSde } from './transitions/interpolantSde.ts';
export { type ChainProgress, type RunChainOptions, runChain } from './transitions/runChain.ts';
export {
  type AncestralOptions,
  ancestral,
  ddim,
  type EulerMaruyamaOptions,
  eulerMaruyama,
} from './transitions/stochastic.ts';
export type { Transition } from './transitions/transition.ts';
