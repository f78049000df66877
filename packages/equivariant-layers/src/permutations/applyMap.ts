import { ArgumentError, checkedOptions, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedChoice } from '../inputs/choice.ts';
import type { EquivariantApplyOptions } from './equivariantLinear.ts';
import type { EquivariantMap, Normalization } from './maps.ts';
import { nodeSets } from './nodeSets.ts';
import { outputExtents } from './orders.ts';
import { partsOf } from './plan.ts';
import { onDiagonals, pooler, spread } from './pooling.ts';

export interface ApplyMapOptions extends EquivariantApplyOptions {
  /** Default 'mean'. */
  readonly normalize?: Normalization;
}

/**
 * One of `equivariantMaps` applied to x [lead…, n, …, n, channels], channel by channel: diagonals, then sums, then copies along
 * new axes, then zeros beside the diagonals. The layer computes all of them together, at less cost.
 * @throws as the layer does.
 */
export function applyMap(map: EquivariantMap, x: Tensor, options: ApplyMapOptions = {}): Tensor {
  const op = 'applyMap';
  const { normalize = 'mean', mask, nodes: sizes } = checkedOptions(op, options, ['normalize', 'mask', 'nodes']);
  checkedChoice(`${op}: normalize`, normalize, ['mean', 'sum']);
  if (map?.orders === undefined || map.blocks === undefined)
    throw new ArgumentError('applyMap: expected one of equivariantMaps(orders), got another value. List them first.');
  const { orders } = map;
  const channels = x?.shape?.[x.shape.length - 1];
  const nodes = nodeSets(op, x, { orders, channels, mask, nodes: sizes });
  const { feature, slot, axes } = partsOf(map.blocks);
  const pooled = pooler(nodes.x, nodes, normalize)(feature);
  const lead = nodes.lead.length;
  const moved = pooled.transpose([
    ...nodes.lead.map((_, i) => i),
    ...axes.map((axis) => lead + axis),
    lead + axes.length,
  ]);
  const y = onDiagonals(spread(moved, slot), slot, nodes);
  return nodes.masked(y.broadcastTo([...nodes.lead, ...outputExtents(orders, nodes.sizes), channels]));
}
