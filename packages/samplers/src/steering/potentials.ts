/**
 * How rewards on the way, R_k, become weights whose product is exp r(x_1):
 * - 'difference': exp(R_k - R_{k-1}), with R_{-1} = 0.
 * - 'max': exp of the largest R so far at each step, and what is left over at the end.
 * - 'sum': exp of the sum of R so far at each step, and what is left over at the end.
 *
 * Source: Singhal et al. 2025, "A General Framework for Inference-time Scaling and Steering of Diffusion Models".
 */
export type Potential = 'difference' | 'max' | 'sum';

export const potentials = ['difference', 'max', 'sum'] as const satisfies readonly Potential[];

/** What a particle remembers of the rewards on its way. */
export interface Memory {
  /** The last R, the largest R or the sum of R. */
  readonly level: Float64Array;
  /** ln of the product of its weights so far. */
  readonly spent: Float64Array;
}

export const freshMemory = (count: number, potential: Potential): Memory => ({
  level: new Float64Array(count).fill(potential === 'max' ? Number.NEGATIVE_INFINITY : 0),
  spent: new Float64Array(count),
});

/** ln of the weights for new rewards, and the memory after them. */
export function potentialStep(
  potential: Potential,
  memory: Memory,
  reward: Float64Array,
  last: boolean,
): { readonly logWeights: Float64Array; readonly memory: Memory } {
  const { level, spent } = memory;
  const next = reward.map((r, i) =>
    potential === 'difference' ? r : potential === 'max' ? Math.max(level[i], r) : level[i] + r,
  );
  const logWeights = reward.map((r, i) => {
    // What had the weight 0 keeps it: no later weight brings it back.
    if (spent[i] === Number.NEGATIVE_INFINITY && !Number.isNaN(r)) return 0;
    return last ? r - spent[i] : potential === 'difference' ? r - level[i] : next[i];
  });
  return { logWeights, memory: { level: next, spent: spent.map((value, i) => value + logWeights[i]) } };
}

/** The memory of the parents' children. */
export const inherit = ({ level, spent }: Memory, parents: Int32Array): Memory => ({
  level: Float64Array.from(parents, (parent) => level[parent]),
  spent: Float64Array.from(parents, (parent) => spent[parent]),
});
