export type { Best } from './checkpoint/checkpoint.ts';
export { CheckpointError, decodeTree, encodeTree } from './checkpoint/treeFile.ts';
export type {
  CheckpointEvent,
  EndEvent,
  ProgressEvent,
  ResumedEvent,
  TrainEvent,
  ValidationEvent,
  WarningEvent,
} from './loop/events.ts';
export type { LossFunction, LossResult, Metrics } from './loop/loss.ts';
export {
  NonFiniteError,
  NonFiniteGradientError,
  NonFiniteLossError,
  NonFiniteParameterError,
} from './loop/nonFinite.ts';
export type { TrainerOptions } from './loop/options.ts';
export type { TrainState } from './loop/state.ts';
export { type TrainOptions, train } from './loop/train.ts';
export { createTrainer, type RunOptions, type Trainer } from './loop/trainer.ts';
export type { Turn } from './loop/turns.ts';
export type { BestOptions, EarlyStoppingOptions, ValidationResult } from './loop/validation.ts';
export { StorageError } from './storage/digest.ts';
export { type MetricsLog, MetricsLogError, type MetricsRecord, metricsLog, readMetrics } from './storage/metricsLog.ts';
export { memoryStorage, type RunStorage } from './storage/storage.ts';
export { type CombinedBatch, combined } from './streams/combined.ts';
export { fullBatch } from './streams/fullBatch.ts';
export { generated } from './streams/generated.ts';
export { hostBatches } from './streams/hostBatches.ts';
export { type IterableBatchesOptions, iterableBatches } from './streams/iterableBatches.ts';
export { type PaddedItems, type PadRaggedOptions, padRagged } from './streams/padRagged.ts';
export { randomRows } from './streams/randomRows.ts';
export { type MaskedRows, type ShuffledRowsOptions, shuffledRows } from './streams/shuffledRows.ts';
export type { BatchSource } from './streams/source.ts';
export type { BatchStream, HostPart } from './streams/stream.ts';
