export { CutLocusError, DegeneratePointError, InvalidPointError } from './errors.ts';
export { euclidean } from './euclidean.ts';
export type { Manifold } from './manifold.ts';
export { type SphereOptions, sphere } from './sphere.ts';
export { type WrappedNormal, type WrappedNormalOptions, wrappedNormal } from './wrappedNormal.ts';
