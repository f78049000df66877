export { type DivergenceMethod, divergence, type Hutchinson } from './divergence.ts';
export { type LikelihoodOptions, type LogLikelihood, logLikelihood, sampleWithLogLikelihood } from './logLikelihood.ts';
export { type BatchOptions, type BatchProgress, mapBatches } from './mapBatches.ts';
export { type SampleOptions, sampleOde } from './sampleOde.ts';
export { standardNormalLogDensity } from './standardNormal.ts';
export { type EmbeddedManifold, tangentField } from './tangentField.ts';
export type { Velocity } from './velocity.ts';
