import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** Inputs whose shapes do not belong together, or do not fit the layer. */
export class LayerShapeError extends FlowfieldError {}

/** A mask that does not fit its input, or holds other values than 0 and 1. */
export class MaskError extends FlowfieldError {}

/** A set, graph or cloud without a single element. */
export class EmptySetError extends FlowfieldError {}

/** An input with NaN or infinity at a place that is not masked out. */
export class NonFiniteInputError extends FlowfieldError {}

/** Tables, weights or outputs that would need more memory than the limit; the message has the figures. */
export class MemoryLimitError extends FlowfieldError {}

/** A list that is no permutation of 0 … n - 1. */
export class InvalidPermutationError extends FlowfieldError {}

/** A group of no known name, or of a size that the family does not have. */
export class UnknownGroupError extends FlowfieldError {}

/** Points or a graph whose principal axes are not determined: repeated eigenvalues. */
export class DegenerateSpectrumError extends FlowfieldError {}

/** A matrix that is not the adjacency of an undirected graph. */
export class UndirectedGraphError extends FlowfieldError {}
