import { ArgumentError, div, maximum } from '@flowfield/tensor-webgpu';
import { globalNorm } from './globalNorm.ts';
import { type GradientTransform, mapTree, stateless } from './transform.ts';

/**
 * Scales all gradients by one factor, min(1, maxNorm / globalNorm), so that their joint norm is at most `maxNorm`
 * (Pascanu et al. 2013).
 * @throws ArgumentError unless maxNorm is positive.
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransform {
  if (!(maxNorm > 0)) throw new ArgumentError(`clipByGlobalNorm: maxNorm must be positive, got ${maxNorm}.`);
  return stateless((grads) => {
    const norm = globalNorm(grads);
    // The quotient of equal numbers is exactly 1, which leaves small gradients as they are.
    const factor = div(maxNorm, maximum(norm, maxNorm));
    return mapTree((leaf) => leaf.mul(factor.astype(leaf.dtype)), grads);
  });
}
