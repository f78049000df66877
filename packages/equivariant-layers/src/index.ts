export {
  DegenerateSpectrumError,
  EmptySetError,
  InvalidPermutationError,
  LayerShapeError,
  MaskError,
  MemoryLimitError,
  NonFiniteInputError,
  UndirectedGraphError,
  UnknownGroupError,
} from './errors.ts';
export { type ApplyMapOptions, applyMap } from './permutations/applyMap.ts';
export type { Block } from './permutations/blocks.ts';
export {
  type EquivariantApplyOptions,
  type EquivariantLayer,
  type EquivariantLinearOptions,
  type EquivariantLinearParams,
  equivariantLinear,
} from './permutations/equivariantLinear.ts';
export {
  countEquivariantMaps,
  type EquivariantMap,
  equivariantBiases,
  equivariantMaps,
  type MapCountOptions,
  type MapListOptions,
  type Normalization,
} from './permutations/maps.ts';
export type { Masks } from './permutations/nodeSets.ts';
export type { MapOrders, Orders } from './permutations/orders.ts';
export { countSetPartitions } from './permutations/partitions.ts';
