export {
  type Activation,
  type ActivationName,
  type ActivationOptions,
  activation,
  activations,
  UnknownActivationError,
} from './activations/activation.ts';
export type { Features } from './features/features.ts';
export { type FourierFeatureOptions, fourierFeatures } from './features/fourier.ts';
export { appendTime, rawTime, type TimeFeatures, timeFeatures } from './features/time.ts';
export * as initializers from './initializers/index.ts';
export type { Initializer, InitializerContext, ParameterDType } from './initializers/initializer.ts';
export type { Layer } from './layers/layer.ts';
export { type LayerNormOptions, type LayerNormParams, layerNorm } from './layers/layerNorm.ts';
export { type LinearOptions, type LinearParams, linear } from './layers/linear.ts';
export { type MlpOptions, type MlpParams, mlp } from './layers/mlp.ts';
export { type LbfgsOptions, lbfgs } from './lbfgs/lbfgs.ts';
export { type MinimizeOptions, type Minimum, minimizeCodes, minimizeLbfgs } from './lbfgs/minimize.ts';
export { accumulate } from './optimizers/accumulate.ts';
export {
  type AdafactorOptions,
  adafactor,
  type FactoredRmsOptions,
  scaleByFactoredRms,
} from './optimizers/adafactor.ts';
export { type AdamMoments, type AdamOptions, adam, scaleByAdam } from './optimizers/adam.ts';
export { type AdamWOptions, adamW } from './optimizers/adamW.ts';
export { applyUpdates } from './optimizers/applyUpdates.ts';
export { masked, partition } from './optimizers/byPath.ts';
export { chain } from './optimizers/chain.ts';
export { clipByBlockRms, clipByGlobalNorm, clipByValue } from './optimizers/clip.ts';
export { copyTree } from './optimizers/copyTree.ts';
export { type Ema, type EmaOptions, type EmaState, ema } from './optimizers/ema.ts';
export { globalNorm } from './optimizers/globalNorm.ts';
export { type LionOptions, lion } from './optimizers/lion.ts';
export { type MomentumOptions, momentum } from './optimizers/momentum.ts';
export { type RmsOptions, type RmsPropOptions, rmsProp, scaleByRms } from './optimizers/rmsProp.ts';
export { scale, scaleByLearningRate, scaleBySchedule } from './optimizers/scale.ts';
export { type SgdOptions, sgd } from './optimizers/sgd.ts';
export type { GradientTransform, OptimizerState } from './optimizers/transform.ts';
export { addWeightDecay, type WeightDecayOptions } from './optimizers/weightDecay.ts';
export { constantSchedule } from './schedules/constant.ts';
export { type CosineOptions, cosineSchedule } from './schedules/cosine.ts';
export { type ExponentialOptions, exponentialSchedule } from './schedules/exponential.ts';
export { joinedSchedule } from './schedules/joined.ts';
export { type LinearScheduleOptions, linearSchedule } from './schedules/linear.ts';
export { type PiecewiseOptions, piecewiseSchedule } from './schedules/piecewise.ts';
export type { Schedule } from './schedules/schedule.ts';
export { type WarmupCosineOptions, warmupCosineSchedule } from './schedules/warmupCosine.ts';
