import { type Tensor, where } from '@flowfield/tensor-webgpu';
import type { Normalization } from './maps.ts';
import { agreeing, type NodeSets } from './nodeSets.ts';
import { patternKey, type Side, type SidePattern } from './plan.ts';

/**
 * Diagonals and sums of x [lead…, n…, c] by pattern: [lead…, kept axes…, c]. Each is made from the pattern that sums one
 * index or takes one diagonal less, and kept for the others.
 */
export function pooler(x: Tensor, nodes: NodeSets, normalize: Normalization): (pattern: SidePattern) => Tensor {
  const { lead } = nodes;
  const made = new Map<string, Tensor>();

  function summed(pattern: SidePattern, at: number): Tensor {
    const before = pooled(replaced(pattern, at, [{ ...pattern[at], kept: true }]));
    const axis = lead.length + pattern.slice(0, at).filter(({ kept }) => kept).length;
    const total = before.sum({ axis });
    return normalize === 'sum' ? total : nodes.divided(total, pattern[at].set);
  }

  /** As a sum over the second axis where both indices agree: it joins the other sums over x in one pass, and so does its derivative. */
  function diagonal(pattern: SidePattern, at: number): Tensor {
    const { axes, set } = pattern[at];
    const split = [axes.slice(0, -1), axes.slice(-1)].map((part) => ({ set, axes: part, kept: true }));
    const apart = replaced(pattern, at, split).sort((a, b) => a.axes[0] - b.axes[0]);
    const [first, second] = split.map((side) => apart.indexOf(side));
    const places = agreeing(x, nodes.sizes[set], first, second, apart.length);
    return where(places, pooled(apart), 0).sum({ axis: lead.length + second });
  }

  function pooled(pattern: SidePattern): Tensor {
    const key = patternKey(pattern);
    const known = made.get(key);
    if (known) return known;
    const toSum = pattern.findLastIndex(({ kept }) => !kept);
    const shared = pattern.findIndex(({ axes }) => axes.length > 1);
    const result = toSum >= 0 ? summed(pattern, toSum) : shared >= 0 ? diagonal(pattern, shared) : x;
    made.set(key, result);
    return result;
  }

  return pooled;
}

const replaced = (pattern: SidePattern, at: number, by: readonly Side[]): Side[] => [
  ...pattern.slice(0, at),
  ...by,
  ...pattern.slice(at + 1),
];

/** x [lead…, kept axes…, c] with axes of extent 1 where the output pattern has other axes, so that it broadcasts. */
export function spread(x: Tensor, pattern: SidePattern): Tensor {
  const kept = pattern.filter((side) => side.kept);
  const lead = x.shape.length - 1 - kept.length;
  const extents = pattern.flatMap(({ axes }) => axes).map(() => 1);
  kept.forEach(({ axes }, i) => {
    extents[axes[0]] = x.shape[lead + i];
  });
  return x.reshape([...x.shape.slice(0, lead), ...extents, x.shape[x.shape.length - 1]]);
}

/** Spread values at the places where all output axes of a block agree; 0 elsewhere. */
export function onDiagonals(x: Tensor, pattern: SidePattern, nodes: NodeSets): Tensor {
  const places = pattern.flatMap(({ axes }) => axes.slice(1).map((axis) => nodes.agree(axes[0], axis)));
  if (places.length === 0) return x;
  return where(
    places.reduce((both, one) => both.logicalAnd(one)),
    x,
    0,
  );
}
