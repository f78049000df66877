import { ArgumentError, checkedOptions, checkedWhole, random, type TensorLike } from '@flowfield/tensor-webgpu';
import { checkedTolerance } from '../inputs/params.ts';
import { permutations } from '../permutations/partitions.ts';
import { type LaplacianOptions, type LaplacianSpectrum, spectrumOf } from './laplacian.ts';

export interface GraphFrameOptions extends LaplacianOptions {
  /** Entries of the criterion that agree to so many decimals are ties (default 2, as in the paper). */
  readonly decimals?: number;
  /** In place of decimals: sorted entries of a column are ties until the next is more than this away. */
  readonly tieTolerance?: number;
}

export const graphFrameOptionNames = [
  'normalized',
  'gapTolerance',
  'decimals',
  'tieTolerance',
] as const satisfies readonly (keyof GraphFrameOptions)[];

/** The frame of a graph: all orders of its nodes that sort the rows of a criterion that relabelling only permutes. */
export interface GraphFrame {
  readonly nodes: number;
  /** Rows in sorted order, each with one whole number for each eigenspace, ascending; equal for relabelled graphs. */
  readonly criterion: readonly (readonly number[])[];
  /** Nodes in sorted order; those of one group have equal rows and may stand in any order. */
  readonly groups: readonly (readonly number[])[];
  /** Elements of the frame: the product of the factorials of the group sizes. */
  readonly size: bigint;
  readonly spectrum: LaplacianSpectrum;
  /** One element, each equally likely: entry r is the node that comes to place r. */
  sample(key: random.Key): Int32Array;
  /** Every element once. There may be far too many: ask `size` first. */
  elements(): Generator<Int32Array>;
}

/** Keeps rounding at exact halves, such as 0.125 to two decimals, from depending on the last bits. */
const ROUNDING_GUARD = 1e-7;

/**
 * The frame of Sₙ at a graph, from the eigenspaces of its Laplacian: with an orthonormal basis U of each, s = √diag(U Uᵀ) gives one column
 * of n numbers, which no choice of basis changes; rows are sorted lexicographically, the column of the least eigenvalue first.
 * A graph that is relabelled by g has the frame g · F. Puny et al. 2022, "Frame averaging", section 3.2.
 * @throws as `laplacianSpectrum`.
 */
export function graphFrame(adjacency: TensorLike, options: GraphFrameOptions = {}): GraphFrame {
  return frameOfGraph('graphFrame', adjacency, checkedOptions('graphFrame', options, graphFrameOptionNames));
}

/** `graphFrame` on behalf of `op`, for checked option names. */
export function frameOfGraph(op: string, adjacency: TensorLike, options: GraphFrameOptions): GraphFrame {
  const { decimals = 2, tieTolerance } = options;
  checkedWhole(`${op}: decimals`, decimals, 0);
  if (tieTolerance !== undefined) checkedTolerance(`${op}: tieTolerance`, tieTolerance);
  const spectrum = spectrumOf(op, adjacency, options);
  const columns = spectrum.spaces.map((_, space) => {
    const entries = columnOf(spectrum, space);
    return tieTolerance === undefined ? rounded(entries, decimals) : clustered(entries, tieTolerance);
  });
  const rows = Array.from({ length: spectrum.nodes }, (_, node) => columns.map((column) => column[node]));
  const sorted = rows.map((row, node) => ({ row, node })).sort((a, b) => compareRows(a.row, b.row));
  const groups: number[][] = [];
  sorted.forEach(({ row, node }, i) => {
    if (i > 0 && compareRows(row, sorted[i - 1].row) === 0) groups[groups.length - 1].push(node);
    else groups.push([node]);
  });
  return {
    nodes: spectrum.nodes,
    criterion: sorted.map(({ row }) => row),
    groups,
    size: groups.reduce((product, { length }) => product * factorial(length), 1n),
    spectrum,
    sample: (key) => sampled(groups, random.uniform(key, [spectrum.nodes], { dtype: 'f64' }).dataSync()),
    elements: () => elementsOf(groups, []),
  };
}

/** √ Σ u² over the basis of a space: the length of each node's unit vector projected to the space. */
function columnOf({ nodes, eigenvectors, spaces }: LaplacianSpectrum, space: number): number[] {
  const { start, multiplicity } = spaces[space];
  return Array.from({ length: nodes }, (_, node) =>
    Math.hypot(...eigenvectors.subarray(node * nodes + start, node * nodes + start + multiplicity)),
  );
}

const rounded = (entries: readonly number[], decimals: number): number[] =>
  entries.map((entry) => Math.floor(entry * 10 ** decimals + 0.5 + ROUNDING_GUARD));

/** Numbers of clusters of sorted entries. */
function clustered(entries: readonly number[], tolerance: number): number[] {
  const ascending = [...entries].sort((a, b) => a - b);
  const starts = ascending.filter((entry, i) => i > 0 && entry - ascending[i - 1] > tolerance);
  return entries.map((entry) => starts.filter((start) => start <= entry).length);
}

function compareRows(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((entry, column) => entry !== b[column]);
  return i < 0 ? 0 : a[i] - b[i];
}

/** Every group shuffled by Fisher and Yates. */
function sampled(groups: readonly (readonly number[])[], draws: ArrayLike<number>): Int32Array {
  let used = 0;
  const order = groups.flatMap((group) => {
    const nodes = [...group];
    for (let i = nodes.length - 1; i > 0; i--) {
      const j = Math.floor(draws[used++] * (i + 1));
      [nodes[i], nodes[j]] = [nodes[j], nodes[i]];
    }
    return nodes;
  });
  return Int32Array.from(order);
}

function* elementsOf(groups: readonly (readonly number[])[], before: readonly number[]): Generator<Int32Array> {
  if (groups.length === 0) {
    yield Int32Array.from(before);
    return;
  }
  const [group, ...rest] = groups;
  for (const nodes of arrangements(group)) yield* elementsOf(rest, [...before, ...nodes]);
}

/** All orders of a list; long lists lazily, since nobody waits for the end. */
function* arrangements(list: readonly number[]): Generator<number[]> {
  if (list.length <= 4) {
    for (const order of permutations(list.length)) yield order.map((i) => list[i]);
    return;
  }
  for (const first of list) {
    for (const rest of arrangements(list.filter((node) => node !== first))) yield [first, ...rest];
  }
}

const factorial = (n: number): bigint => (n < 2 ? 1n : BigInt(n) * factorial(n - 1));

/** The place of every node in an order of nodes: the inverse. Throws `ArgumentError` unless it names every node once. */
export function placesOf(order: ArrayLike<number>): Int32Array {
  const named = new Set(Array.from(order ?? []));
  const whole = typeof order === 'object' && order !== null && named.size === order.length;
  if (!whole || ![...named].every((node) => Number.isInteger(node) && node >= 0 && node < named.size)) {
    throw new ArgumentError(
      'placesOf: expected a list that names every node from 0 once, got another value. Give an element of a frame.',
    );
  }
  const places = new Int32Array(order.length);
  for (let place = 0; place < order.length; place++) places[order[place]] = place;
  return places;
}
