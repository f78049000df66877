import { type Block, biasBlocks, blocksOfMaps, isMixed } from './blocks.ts';
import type { MapOrders } from './orders.ts';
import { compareLists, permutations } from './partitions.ts';

/** Axes that share an index, and whether that index is kept: by the map's other side it is summed over, or broadcast. */
export interface Side {
  readonly set: number;
  readonly axes: readonly number[];
  readonly kept: boolean;
}

/** What is drawn from the input (diagonals, sums), or how a result is laid into the output. */
export type SidePattern = readonly Side[];

/**
 * The maps that keep the same indices: every feature goes through a matrix to every slot, in every order of the kept
 * axes. One product over the concatenated features does all of it.
 */
export interface Exchange {
  /** Node sets of the kept axes. */
  readonly keptSets: readonly number[];
  readonly features: readonly SidePattern[];
  readonly slots: readonly SidePattern[];
  /** `axes[j]` is the kept axis of the feature that becomes axis j of the slot; `maps[feature][slot]` numbers the map. */
  readonly orders: readonly { readonly axes: readonly number[]; readonly maps: readonly (readonly number[])[] }[];
}

export interface LinearPlan {
  readonly exchanges: readonly Exchange[];
  readonly biases: readonly SidePattern[];
}

const sideOf = (blocks: readonly Block[], side: 'inputs' | 'outputs'): (Side & { block: Block })[] =>
  blocks
    .filter((block) => block[side].length > 0)
    .map((block) => ({ set: block.set, axes: block[side], kept: isMixed(block), block }))
    .sort((a, b) => a.axes[0] - b.axes[0]);

/** The parts of one map: the feature, the slot, and the order of the kept axes. */
export function partsOf(blocks: readonly Block[]): { feature: SidePattern; slot: SidePattern; axes: number[] } {
  const feature = sideOf(blocks, 'inputs');
  const slot = sideOf(blocks, 'outputs');
  const from = feature.filter(({ kept }) => kept).map(({ block }) => block);
  const axes = slot.filter(({ kept }) => kept).map(({ block }) => from.indexOf(block));
  return { feature, slot, axes };
}

export const patternKey = (pattern: SidePattern): string =>
  pattern.map(({ axes, kept }) => `${axes.join(',')}${kept ? '' : '-'}`).join(' ');

/** Sorts the maps by what they keep, so that each group is one product. */
export function linearPlan(orders: MapOrders): LinearPlan {
  const groups = new Map<string, GroupedMap[]>();
  blocksOfMaps(orders).forEach((blocks, index) => {
    const parts = partsOf(blocks);
    const kept = parts.slot.filter((side) => side.kept).map(({ set }) => set);
    const group = groups.get(kept.join()) ?? [];
    group.push({ ...parts, index, kept });
    groups.set(kept.join(), group);
  });
  return {
    exchanges: [...groups.values()].map(exchangeOf),
    biases: biasBlocks(orders.out).map((blocks) => sideOf(blocks, 'outputs')),
  };
}

interface GroupedMap extends ReturnType<typeof partsOf> {
  readonly index: number;
  readonly kept: readonly number[];
}

function exchangeOf(maps: readonly GroupedMap[]): Exchange {
  const distinct = (patterns: SidePattern[]): SidePattern[] => [
    ...new Map(patterns.map((pattern) => [patternKey(pattern), pattern])).values(),
  ];
  const features = distinct(maps.map(({ feature }) => feature));
  const slots = distinct(maps.map(({ slot }) => slot));
  const key = (feature: SidePattern, slot: SidePattern, axes: readonly number[]): string =>
    [patternKey(feature), patternKey(slot), axes.join()].join('/');
  const numbers = new Map(maps.map(({ feature, slot, axes, index }) => [key(feature, slot, axes), index]));
  const keptSets = maps[0].kept;
  const orders = permutations(keptSets.length)
    .filter((axes) => axes.every((axis, j) => keptSets[axis] === keptSets[j]))
    .sort(compareLists)
    .map((axes) => ({
      axes,
      maps: features.map((feature) => slots.map((slot) => numbers.get(key(feature, slot, axes)) as number)),
    }));
  return { keptSets, features, slots, orders };
}
