import { type Tensor, type TensorLike, where } from '@flowfield/tensor-webgpu';
import { nodeSets } from '../permutations/nodeSets.ts';

/** How the elements of a set are reduced to one vector. */
export type Aggregate = 'mean' | 'sum' | 'max';

/** A checked batch of sets. */
export interface Elements {
  /** Batch axes. */
  readonly lead: readonly number[];
  readonly n: number;
  /** [lead…, n, channels], 0 at padding. */
  readonly x: Tensor;
  /** Which elements are real, bool [lead…, n]; `null` without padding. */
  readonly mask: Tensor | null;
  /** Features h [lead…, n, c] of real elements reduced to [lead…, 1, c]. */
  aggregate(h: Tensor, how: Aggregate): Tensor;
  /** h with 0 at padding. */
  masked(h: Tensor): Tensor;
}

/**
 * Checks sets [lead…, n, channels] and their mask.
 * @throws LayerShapeError, MaskError, EmptySetError; NonFiniteInputError where the numbers are known.
 */
export function elementsOf(op: string, x: Tensor, channels: number, mask: TensorLike | undefined): Elements {
  const sets = nodeSets(op, x, { orders: { in: [1], out: [1] }, channels, mask, nodes: undefined });
  const flags = sets.masks[0];
  const real = flags?.expandDims(-1);
  const reduced = { axis: -2, keepDims: true } as const;
  return {
    lead: sets.lead,
    n: sets.sizes[0],
    x: sets.x,
    mask: flags,
    aggregate(h, how) {
      if (how === 'max') {
        if (!real) return h.max(reduced);
        // A set without elements cannot be told from others inside a trace: its maximum is 0.
        const most = where(real, h, Number.NEGATIVE_INFINITY).max(reduced);
        return where(real.any(reduced), most, 0);
      }
      const total = (real ? where(real, h, 0) : h).sum(reduced);
      return how === 'sum' ? total : sets.divided(total, 0);
    },
    masked: sets.masked,
  };
}
