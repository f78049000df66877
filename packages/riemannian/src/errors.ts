import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** Two points with more than one shortest geodesic between them: the logarithm and the transport are not defined. */
export class CutLocusError extends FlowfieldError {}

/** An ambient point without a unique closest point on the manifold, such as the center of a sphere. */
export class DegeneratePointError extends FlowfieldError {}

/** A point or tangent with NaN or infinity, or a point that is not on the manifold. */
export class InvalidPointError extends FlowfieldError {}
