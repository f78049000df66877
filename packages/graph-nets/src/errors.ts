import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** A graph that cannot be: an edge to a node that is not there, arrays of lengths that do not belong together. */
export class GraphError extends FlowfieldError {}
