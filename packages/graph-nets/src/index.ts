export { GraphError } from './errors.ts';
export { batchGraphs, type GraphBatch, unbatchGraphs } from './graphs/batch.ts';
export {
  type DenseBatch,
  type DenseInput,
  type DenseOptions,
  type DenseTensors,
  denseTensors,
  fromDense,
  toDense,
} from './graphs/dense.ts';
export {
  completeGraph,
  edgeFeature,
  type Features,
  findArc,
  type Graph,
  type GraphOptions,
  graph,
} from './graphs/graph.ts';
export { type NearestNeighbourOptions, nearestNeighbourGraph } from './graphs/nearest.ts';
export { type GinOptions, type GinParams, type GraphApplyOptions, type GraphLayer, gin } from './layers/gin.ts';
export { type NBodyNetOptions, type NBodyNetParams, nBodyNet, squaredDistances } from './layers/nBodyNet.ts';
export {
  type GraphsOfNodes,
  type MessageOptions,
  messagePassing,
  poolGraphs,
} from './messages/messagePassing.ts';
export type { PaddedGraphs, Reduce, SparseGraphs } from './messages/topology.ts';
