export { type AffinePath, affinePath } from './affinePath.ts';
export { changeSchedule, type ScheduleChange, type VelocityField } from './changeSchedule.ts';
export { conditionalFlowMatchingLoss, type FlowMatchingOptions, type Metric } from './conditionalFlowMatchingLoss.ts';
export { type ConvertOptions, convert, type Prediction } from './convert.ts';
export { type Assignment, assignment } from './couplings/assignment.ts';
export type { Coupling, CouplingInput, Fields, Pairs, Taken } from './couplings/coupling.ts';
export { type PartialTransportOptions, partialTransport } from './couplings/partialTransport.ts';
export { type PlanSampling, planCoupling, samplePlan } from './couplings/samplePlan.ts';
export { givenCoupling, independentCoupling } from './couplings/simpleCouplings.ts';
export {
  type SinkhornOptions,
  sinkhorn,
  type TransportPlan,
  type UnbalancedSinkhornOptions,
  unbalancedSinkhorn,
} from './couplings/sinkhorn.ts';
export { type TransportCouplingOptions, transportCoupling } from './couplings/transportCoupling.ts';
export { discreteVelocity } from './discrete/discreteVelocity.ts';
export { type MixtureInput, type MixturePath, type MixtureSample, mixturePath } from './discrete/mixturePath.ts';
export { generalizedKLLoss, type TokenLossOptions, tokenCrossEntropyLoss } from './discrete/tokenLosses.ts';
export { maskSource, type TokenSource, uniformSource } from './discrete/tokens.ts';
export { type DropOptions, dropConditions } from './dropConditions.ts';
export {
  NonFinitePointError,
  PathShapeError,
  SchedulerError,
  SeparationError,
  SingularConversionError,
  TimeRangeError,
  TimeShapeError,
  TokenError,
  TransportError,
} from './errors.ts';
export { type GeodesicManifold, type GeodesicPath, geodesicPath } from './geodesicPath.ts';
export { type InterpolantNoiseLossOptions, interpolantNoiseLoss } from './interpolantNoiseLoss.ts';
export {
  brownianGamma,
  type Gamma,
  type InterpolantInput,
  type InterpolantOptions,
  type InterpolantPath,
  type InterpolantSample,
  interpolantPath,
  type SchrodingerBridgePath,
  schrodingerBridgePath,
  sineSquaredGamma,
} from './interpolantPath.ts';
export { type DataSeparationOptions, dataSeparation } from './kinetic/dataSeparation.ts';
export { kineticEnergy } from './kinetic/kineticEnergy.ts';
export { type DataSeparation, type SeparationOptions, separationOf } from './kinetic/separation.ts';
export { type LogSnr, logSnr } from './logSnr.ts';
export type { LossReduction } from './lossReduction.ts';
export type { Path, PathInput, PathSample } from './path.ts';
export {
  dataPredictionLoss,
  type LossWeighting,
  noisePredictionLoss,
  type PredictionLossOptions,
} from './predictionLoss.ts';
export { type Scheduler, type SchedulerOutput, schedulerAt } from './scheduler.ts';
export { type CondOTOptions, condOTScheduler } from './schedulers/condOT.ts';
export { cosineScheduler } from './schedulers/cosine.ts';
export { kineticOptimalScheduler } from './schedulers/kineticOptimal.ts';
export { linearVPScheduler } from './schedulers/linearVP.ts';
export { polynomialScheduler } from './schedulers/polynomial.ts';
export { type VEOptions, veScheduler } from './schedulers/ve.ts';
export { type VPOptions, vpScheduler } from './schedulers/vp.ts';
export {
  type LogitNormalOptions,
  logitNormalTimes,
  modeTimes,
  type SampleTimesOptions,
  sampleTimes,
  type TimeDistribution,
  type UniformTimesOptions,
  uniformTimes,
} from './timeDistributions.ts';
