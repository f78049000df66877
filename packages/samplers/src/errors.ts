import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** Times of a chain that are no ascending grid in [0, 1], or a step that does not go forward. */
export class ChainTimeError extends FlowfieldError {}

/** A sample that became NaN or infinite: where, and in which step. */
export class NonFiniteSampleError extends FlowfieldError {}

/** Weights of particles from which nothing can be drawn. */
export class WeightError extends FlowfieldError {}

/** Guidance that does not apply to such a model or such points. */
export class GuidanceError extends FlowfieldError {}
