import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** A recipe or part that was called for something it cannot do: an unknown name, data that are not there. */
export class RecipeError extends FlowfieldError {}
