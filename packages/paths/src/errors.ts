import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** A time tensor whose shape is neither [] nor [batch]: it would broadcast over the wrong axes. */
export class TimeShapeError extends FlowfieldError {}

/** A time outside [0, 1]. */
export class TimeRangeError extends FlowfieldError {}

/** Source, data or prediction of shapes that do not belong together. */
export class PathShapeError extends FlowfieldError {}

/** A conversion asked for at a time where its denominator is 0. */
export class SingularConversionError extends FlowfieldError {}

/** A scheduler that cannot be used for the path, or with such parameters. */
export class SchedulerError extends FlowfieldError {}

/** Source or data points with NaN or infinity. */
export class NonFinitePointError extends FlowfieldError {}

/** A data separation that cannot be made from such data, or lacks its tables. */
export class SeparationError extends FlowfieldError {}

/** Costs, masses or pairs for which there is no transport plan, or a solve that did not reach its tolerance. */
export class TransportError extends FlowfieldError {}

/** Tokens that are no whole numbers or outside the vocabulary, or logits that do not belong to them. */
export class TokenError extends FlowfieldError {}
