import { checkedOptions, linalg, type TensorLike, tensor } from '@flowfield/tensor-webgpu';
import { EmptySetError, LayerShapeError, NonFiniteInputError, UndirectedGraphError } from '../errors.ts';
import { isTensor } from '../inputs/beside.ts';
import { checkedFlag, checkedTolerance } from '../inputs/params.ts';

/** Eigenvalues that agree within the tolerance, and the space of their eigenvectors. */
export interface Eigenspace {
  /** The mean of its eigenvalues. */
  readonly value: number;
  /** Number of the first of its eigenvectors. */
  readonly start: number;
  readonly multiplicity: number;
}

export interface LaplacianSpectrum {
  readonly nodes: number;
  /** Ascending. */
  readonly eigenvalues: Float64Array;
  /** n x n, row by row; column j belongs to eigenvalue j. */
  readonly eigenvectors: Float64Array;
  /** Eigenvalues grouped by gaps, ascending. */
  readonly spaces: readonly Eigenspace[];
}

export interface LaplacianOptions {
  /** I - D^(-1/2) A D^(-1/2) in place of D - A (default false); isolated nodes have a row of 0. */
  readonly normalized?: boolean;
  /**
   * Neighbouring eigenvalues that differ by no more than this belong to one space (default 1e-5 times the largest weight, so that
   * a factor on all weights changes no space; 1e-5 where normalized).
   */
  readonly gapTolerance?: number;
}

const DEFAULT_GAP = 1e-5;
/** Entries of A and Aᵀ that differ by less, relative to the largest, count as equal. */
const SYMMETRY_TOLERANCE = 1e-9;

/**
 * The spectrum of a graph's Laplacian, from its adjacency [n, n] (weights of at least 0), in f64. Eigenvalues are grouped by gaps, since those that are
 * equal in exact numbers differ by rounding, differently after every relabelling. 0 occurs once for each connected component.
 * @throws UndirectedGraphError for a matrix that is not symmetric, or has negative weights; LayerShapeError unless it is square, EmptySetError for no
 *   nodes, NonFiniteInputError for NaN or infinity; ArgumentError for unknown options; TraceError inside a trace.
 */
export function laplacianSpectrum(adjacency: TensorLike, options: LaplacianOptions = {}): LaplacianSpectrum {
  const op = 'laplacianSpectrum';
  return spectrumOf(op, adjacency, checkedOptions(op, options, ['normalized', 'gapTolerance']));
}

/** `laplacianSpectrum` on behalf of `op`, for checked option names. */
export function spectrumOf(op: string, adjacency: TensorLike, options: LaplacianOptions): LaplacianSpectrum {
  const { normalized = false, gapTolerance } = options;
  checkedFlag(`${op}: normalized`, normalized);
  if (gapTolerance !== undefined) checkedTolerance(`${op}: gapTolerance`, gapTolerance);
  const { weights, nodes, largest } = checkedAdjacency(op, adjacency);
  const { eigenvalues, eigenvectors } = linalg.eigh(
    tensor(laplacianOf(weights, nodes, normalized), { dtype: 'f64', device: 'cpu' }).reshape([nodes, nodes]),
  );
  const values = Float64Array.from(eigenvalues.dataSync());
  return {
    nodes,
    eigenvalues: values,
    eigenvectors: Float64Array.from(eigenvectors.dataSync()),
    spaces: spacesOf(values, gapTolerance ?? (normalized ? DEFAULT_GAP : DEFAULT_GAP * largest)),
  };
}

function spacesOf(values: Float64Array, tolerance: number): Eigenspace[] {
  const starts = Array.from(values.keys()).filter((i) => i === 0 || values[i] - values[i - 1] > tolerance);
  return starts.map((start, i) => {
    const own = values.subarray(start, starts[i + 1] ?? values.length);
    return { value: own.reduce((sum, value) => sum + value, 0) / own.length, start, multiplicity: own.length };
  });
}

function laplacianOf(weights: Float64Array, n: number, normalized: boolean): Float64Array {
  const degrees = Array.from({ length: n }, (_, i) =>
    weights.subarray(i * n, (i + 1) * n).reduce((sum, weight) => sum + weight, 0),
  );
  const scales = degrees.map((degree) => (normalized ? (degree > 0 ? 1 / Math.sqrt(degree) : 0) : 1));
  return Float64Array.from(weights, (weight, index) => {
    const [i, j] = [Math.floor(index / n), index % n];
    return ((i === j ? degrees[i] : 0) - weight) * scales[i] * scales[j];
  });
}

/** An adjacency as f64 numbers row by row, checked. */
function checkedAdjacency(
  op: string,
  adjacency: TensorLike,
): { weights: Float64Array; nodes: number; largest: number } {
  const given = isTensor(adjacency) ? adjacency : tensor(adjacency, { dtype: 'f64', device: 'cpu' });
  const [nodes, columns] = given.shape;
  if (given.shape.length !== 2 || nodes !== columns) {
    throw new LayerShapeError(
      `${op}: expected an adjacency of shape [n, n], got [${given.shape.join(', ')}]. Give one graph at a time.`,
    );
  }
  if (nodes === 0)
    throw new EmptySetError(`${op}: expected a graph with at least one node, got none. Leave out empty graphs.`);
  const weights = Float64Array.from(given.dataSync());
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  weights.forEach((weight, index) => {
    const [i, j] = [Math.floor(index / nodes), index % nodes];
    if (!Number.isFinite(weight)) {
      throw new NonFiniteInputError(
        `${op}: expected finite weights, got ${weight} from node ${i} to node ${j}. Give 0 where there is no edge.`,
      );
    }
    if (weight < 0) {
      throw new UndirectedGraphError(
        `${op}: expected weights of at least 0, got ${weight} from node ${i} to node ${j}. The Laplacian is defined for such.`,
      );
    }
    if (Math.abs(weight - weights[j * nodes + i]) > SYMMETRY_TOLERANCE * largest) {
      throw new UndirectedGraphError(
        `${op}: expected an undirected graph, got weight ${weight} from node ${i} to node ${j} and ${weights[j * nodes + i]} back. Use the larger of A and Aᵀ, or their mean.`,
      );
    }
  });
  return { weights, nodes, largest };
}
