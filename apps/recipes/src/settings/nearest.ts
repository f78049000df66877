import { nearestName } from '@flowfield/tensor-webgpu';

/** `; did you mean 'x'?` with the name that `given` is likely to stand for, or nothing when there is none. */
export function didYouMean(given: string, names: readonly string[]): string {
  const nearest = nearestName(given, names);
  return nearest === null ? '' : `; did you mean '${nearest}'?`;
}
