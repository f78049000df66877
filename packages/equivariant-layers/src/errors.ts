import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** Inputs whose shapes do not belong together, or do not fit the layer. */
export class LayerShapeError extends FlowfieldError {}
