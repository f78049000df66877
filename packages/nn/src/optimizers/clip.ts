import { clip, div, type Tensor, where } from '@flowfield/tensor-webgpu';
import { scaledNorm } from './globalNorm.ts';
import { checkPositive } from './ranges.ts';
import { root } from './root.ts';
import { type GradientTransform, mapTree, stateless } from './transform.ts';

/**
 * Scales all gradients by one factor, min(1, maxNorm / globalNorm), so that their joint norm is at most `maxNorm`
 * (Pascanu et al. 2013). Gradients within the norm stay as they are, to the bit; f32 gradients whose squares overflow are
 * scaled like any other. The derivative at 0 is 1.
 * @throws ArgumentError unless maxNorm is positive.
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransform {
  checkPositive('clipByGlobalNorm: maxNorm', maxNorm);
  return stateless((grads) => {
    const { norm, factor } = scaledNorm('clipByGlobalNorm', grads);
    const bound = factor.mul(maxNorm);
    const isLong = norm.greater(bound);
    const shrink = where(isLong, div(maxNorm, where(isLong, norm, 1)), 1);
    const scale = where(isLong, factor, 1);
    return mapTree((leaf) => leaf.mul(scale.astype(leaf.dtype)).mul(shrink.astype(leaf.dtype)), grads);
  });
}

/**
 * Every element is clipped to [-limit, limit].
 * @throws ArgumentError unless the limit is positive.
 */
export function clipByValue(limit: number): GradientTransform {
  checkPositive('clipByValue: limit', limit);
  return stateless((grads) => mapTree((leaf) => clip(leaf, -limit, limit), grads));
}

/** √(mean x²) of a leaf, with derivative 0 at 0. */
export const rootMeanSquare = (leaf: Tensor): Tensor => root(leaf.square().mean());

/**
 * Every leaf is divided by max(1, rootMeanSquare / threshold) of its own (Shazeer & Stern 2018, section 6).
 * @throws ArgumentError unless the threshold is positive.
 */
export function clipByBlockRms(threshold: number): GradientTransform {
  checkPositive('clipByBlockRms: threshold', threshold);
  return stateless((grads) =>
    mapTree((leaf) => {
      if (leaf.size === 0) return leaf;
      const size = rootMeanSquare(leaf).div(threshold);
      return leaf.div(where(size.greater(1), size, 1));
    }, grads),
  );
}
