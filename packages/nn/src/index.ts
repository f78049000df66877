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
export { type GaussianFeatureOptions, gaussianFeatures } from './features/gaussian.ts';
export { type SinusoidalFeatureOptions, sinusoidalFeatures } from './features/sinusoidal.ts';
export { appendTime, rawTime, type TimeFeatures, timeFeatures } from './features/time.ts';
export type { GeometricOptions, NetworkInitializers } from './initializers/geometric.ts';
export type { Initializer, InitializerContext, ParameterDType } from './initializers/initializer.ts';
export { initializers } from './initializers/initializers.ts';
export type { KaimingOptions } from './initializers/kaiming.ts';
export type { SirenOptions } from './initializers/siren.ts';
export type { VarianceScalingOptions } from './initializers/varianceScaling.ts';
export { type AttentionOptions, attention } from './layers/attention.ts';
export {
  type BatchNormMode,
  type BatchNormOptions,
  type BatchNormParams,
  type BatchNormState,
  batchNorm,
} from './layers/batchNorm.ts';
export {
  type ConvLayerOptions,
  type ConvParams,
  type ConvTransposeLayerOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from './layers/conv.ts';
export { type DropoutOptions, dropout } from './layers/dropout.ts';
export { type Embedding, type EmbeddingOptions, type EmbeddingParams, embedding } from './layers/embedding.ts';
export { type Film, type FilmOptions, film } from './layers/film.ts';
export {
  type GroupNormOptions,
  type GroupNormParams,
  groupNorm,
  type RmsNormOptions,
  type RmsNormParams,
  rmsNorm,
} from './layers/groupNorm.ts';
export type { Layer, Mode, StatefulLayer } from './layers/layer.ts';
export { type LayerNormOptions, type LayerNormParams, layerNorm } from './layers/layerNorm.ts';
export { type LinearOptions, type LinearParams, linear } from './layers/linear.ts';
export { type MlpOptions, type MlpParams, mlp } from './layers/mlp.ts';
export {
  type AttendOptions,
  type MultiHeadAttention,
  type MultiHeadAttentionOptions,
  type MultiHeadAttentionParams,
  multiHeadAttention,
} from './layers/multiHeadAttention.ts';
export {
  type ResidualBlockParams,
  type ResidualMlp,
  type ResidualMlpApplyOptions,
  type ResidualMlpOptions,
  type ResidualMlpParams,
  residualMlp,
} from './layers/residualMlp.ts';
export {
  type Transformer,
  type TransformerApplyOptions,
  type TransformerBlockParams,
  type TransformerOptions,
  type TransformerParams,
  transformer,
} from './layers/transformer.ts';
export { type LbfgsOptions, lbfgs } from './lbfgs/lbfgs.ts';
export { type MinimizeOptions, type Minimum, minimizeCodes, minimizeLbfgs } from './lbfgs/minimize.ts';
export {
  type BceOptions,
  bceWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
} from './losses/crossEntropy.ts';
export { type HuberOptions, huberLoss, maeLoss, mseLoss } from './losses/regression.ts';
export type { Reduction, WeightOptions } from './losses/weighting.ts';
export {
  accuracy,
  type BinaryOptions,
  binaryAccuracy,
  type F1Options,
  f1Score,
  type MetricOptions,
  precision,
  recall,
} from './metrics/metrics.ts';
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
export type { UnetCondition } from './unet/condition.ts';
export { type Unet, type UnetApplyOptions, type UnetOptions, type UnetParams, unet } from './unet/unet.ts';
