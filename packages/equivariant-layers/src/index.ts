export type { FlatGraphs } from './attention/graphRows.ts';
export { type Lrga, type LrgaApplyOptions, type LrgaOptions, type LrgaParams, lrga } from './attention/lrga.ts';
export {
  type LrgaBlock,
  type LrgaBlockMode,
  type LrgaBlockOptions,
  type LrgaBlockParams,
  type LrgaBlockState,
  lrgaBlock,
} from './attention/lrgaBlock.ts';
export { type RandomFeatureOptions, randomNodeFeatures } from './attention/randomFeatures.ts';
export {
  type EquivarianceErrorOptions,
  type EquivarianceReport,
  equivarianceError,
  type PointAxes,
  type SymmetricLayer,
} from './equivarianceError.ts';
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
export type { DegeneratePolicy } from './frames/degenerate.ts';
export type { EuclideanGroup, EuclideanGroupName } from './frames/euclideanGroup.ts';
export {
  type FaGnn,
  type FaGnnApplyOptions,
  type FaGnnOptions,
  type FaGnnParams,
  faGnn,
} from './frames/faGnn.ts';
export {
  type FrameAveraged,
  type FrameAverageOptions,
  type FrameCallOptions,
  frameAverage,
  type OutputKinds,
} from './frames/frameAverage.ts';
export { type GraphFrame, type GraphFrameOptions, graphFrame, placesOf } from './frames/graphFrame.ts';
export {
  type GraphFrameAverageOptions,
  type GraphFrameCallOptions,
  graphFrameAverage,
} from './frames/graphFrameAverage.ts';
export { type Isometry, movedBy, randomIsometry } from './frames/isometry.ts';
export {
  type Eigenspace,
  type LaplacianOptions,
  type LaplacianSpectrum,
  laplacianSpectrum,
} from './frames/laplacian.ts';
export type { FaGnnInput } from './frames/particles.ts';
export { type PointFrameOptions, type PointFrames, pointFrames } from './frames/pointFrames.ts';
export { intoFrames, type Kind, outOfFrames } from './frames/transport.ts';
export {
  affineGroup,
  alternatingGroup,
  cyclicGroup,
  dihedralGroup,
  directProduct,
  kleinGroup,
  symmetricGroup,
} from './groups/families.ts';
export type { FixedPointCounts } from './groups/fixedPoints.ts';
export { type PermutationGroup, type PermutationGroupOptions, permutationGroup } from './groups/group.ts';
export {
  type GroupLayer,
  type GroupLinearOptions,
  type GroupLinearParams,
  type GroupLinearSize,
  groupLinear,
  groupLinearParameters,
} from './groups/groupLinear.ts';
export type { GroupElements } from './groups/knownElements.ts';
export { groupNamed } from './groups/named.ts';
export { countOrbits, type OrbitTable, type OrbitTableOptions, orbitTable } from './groups/orbits.ts';
export type { Permutation } from './groups/permutation.ts';
export {
  type InvariantNetwork,
  type InvariantNetworkOptions,
  type InvariantNetworkParams,
  invariantNetwork,
  type TiedParams,
} from './networks/invariantNetwork.ts';
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
export { type PoolByPatternOptions, poolByPattern } from './permutations/poolByPattern.ts';
export type { EdgeNetworkParams, EdgeParams } from './sets/edgeNetwork.ts';
export {
  type EdgeListOptions,
  type EdgeLossOptions,
  type EdgeMetricOptions,
  edgeF1,
  edgeList,
  edgeLoss,
} from './sets/edges.ts';
export type { ElementInit, ElementParams, TransmissionForm } from './sets/elementLayer.ts';
export type { Aggregate } from './sets/elements.ts';
export {
  type DeepSetsOptions,
  deepSets,
  type PointNetQTOptions,
  type PointNetSegOptions,
  type PointNetSTOptions,
  pointNet,
  pointNetQT,
  pointNetSeg,
  pointNetST,
} from './sets/networks.ts';
export {
  adjustedRandIndex,
  type PartitionOptions,
  partition,
  randIndex,
  samePart,
} from './sets/partition.ts';
export { type Set2Graph, type Set2GraphOptions, type Set2GraphParams, set2Graph } from './sets/set2graph.ts';
export {
  type AttentionPoolOptions,
  attentionPool,
  type SetAttentionOptions,
  type SetAttentionParams,
  setAttention,
} from './sets/setAttention.ts';
export type { SetNetworkOptions, SetNetworkParams } from './sets/setNetwork.ts';
export {
  type QuadraticTransmissionOptions,
  quadraticTransmission,
  type SetApplyOptions,
  type SetLayer,
  type TransmissionOptions,
  transmission,
} from './sets/transmission.ts';
export { direction } from './vectors/direction.ts';
