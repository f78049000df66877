import { initializers } from '@flowfield/nn';
import { checkedOptions, checkedWhole, concat, type random, type Tensor, zeros } from '@flowfield/tensor-webgpu';
import { beside } from '../inputs/beside.ts';
import { checkedChoice } from '../inputs/choice.ts';
import { checkedMemoryLimit, checkMemory } from '../inputs/memory.ts';
import { checkedDType, checkedFlag, checkParams } from '../inputs/params.ts';
import { mapCount, type Normalization } from './maps.ts';
import { type Masks, nodeSets } from './nodeSets.ts';
import { checkedOrders, type Orders, outputExtents, product } from './orders.ts';
import { type Exchange, linearPlan, type SidePattern } from './plan.ts';
import { onDiagonals, pooler, spread } from './pooling.ts';

/** `weight` [maps, channelsIn, channelsOut] and, unless the layer has none, `bias` [patterns, channelsOut]. */
export type EquivariantLinearParams = { weight: Tensor; bias?: Tensor };

export interface EquivariantLinearOptions {
  /** Axes over the nodes that the input has: 0 for numbers, 1 for node features, 2 for adjacency, …; a list for several node sets. */
  readonly orderIn: Orders;
  readonly orderOut: Orders;
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** 'mean' (default) divides every sum by the number of nodes; 'sum' keeps counts, and grows with them. */
  readonly normalize?: Normalization;
  /** Whether a bias is added, one for each pattern of the output's indices (default true). */
  readonly bias?: boolean;
  /** Default `glorotNormal` with fans channelsIn and channelsOut, the same for all maps. Biases start at 0. */
  readonly weightInit?: initializers.Initializer;
  /** Default f32. */
  readonly dtype?: initializers.ParameterDType;
  /** Bytes that the weights, or one output, may take (default 1 GiB). */
  readonly memoryLimit?: number;
}

export interface EquivariantApplyOptions {
  /** Which nodes are real, [lead…, n]; 0 or false marks padding. For several node sets a list. */
  readonly mask?: Masks;
  /** The number of nodes, where the input has no axis that tells it. */
  readonly nodes?: number | readonly number[];
}

/** A layer tied by relabelling of nodes: init and apply over plain parameters. */
export interface EquivariantLayer<P> {
  readonly orderIn: Orders;
  readonly orderOut: Orders;
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** How many numbers the parameters hold. */
  readonly parameterCount: number;
  init(key: random.Key): P;
  apply(params: P, x: Tensor, options?: EquivariantApplyOptions): Tensor;
}

const optionNames = [
  'orderIn',
  'orderOut',
  'channelsIn',
  'channelsOut',
  'normalize',
  'bias',
  'weightInit',
  'dtype',
  'memoryLimit',
] as const satisfies readonly (keyof EquivariantLinearOptions)[];

/** About what one map takes in the plan of a layer: its blocks, patterns and place. */
const BYTES_PER_MAP = 2048;

/**
 * Every linear map that commutes with relabelling the nodes, and every such bias:
 * Y = Σ_γ map_γ(X) W_γ + Σ_ρ b_ρ [pattern ρ], x [lead…, n, …, n, channelsIn] -> [lead…, n, …, n, channelsOut].
 * `equivariantMaps` lists the maps γ, one for each set partition of the orderIn + orderOut axes, and `equivariantBiases` the
 * patterns ρ. Weights do not depend on n. With several node sets the axes of the first set come first.
 *
 * Maps that keep the same indices are one product over concatenated diagonals and sums, so that 2 → 2 costs two products
 * of size n² and not 15, and nothing of size n^(orderIn + orderOut) is ever made.
 * Padding marked by `mask` counts in no sum and is 0 in the output. Maron et al. 2019, "Invariant and equivariant graph networks".
 * @throws ArgumentError for unknown options or wrong numbers; MemoryLimitError for weights or outputs beyond `memoryLimit`;
 *   `apply` throws LayerShapeError for an input of another shape, MaskError, EmptySetError for sets without elements,
 *   NonFiniteInputError for NaN or infinity outside a trace.
 */
export function equivariantLinear(options: EquivariantLinearOptions): EquivariantLayer<EquivariantLinearParams> {
  const op = 'equivariantLinear';
  const {
    orderIn,
    orderOut,
    normalize = 'mean',
    bias = true,
    weightInit = initializers.glorotNormal,
    dtype = 'f32',
  } = checkedOptions(op, options, optionNames);
  const orders = checkedOrders(op, orderIn, orderOut);
  const channelsIn = checkedWhole(`${op}: channelsIn`, options.channelsIn);
  const channelsOut = checkedWhole(`${op}: channelsOut`, options.channelsOut);
  checkedChoice(`${op}: normalize`, normalize, ['mean', 'sum']);
  checkedFlag(`${op}: bias`, bias);
  checkedDType(op, dtype);
  const limit = checkedMemoryLimit(op, options.memoryLimit);
  const maps = mapCount(orders);
  checkMemory(
    op,
    `${maps} maps x ${channelsIn} x ${channelsOut} weights`,
    maps * channelsIn * channelsOut,
    8,
    limit,
    'Use lower orders or fewer channels.',
  );
  checkMemory(op, `the list of ${maps} maps`, maps, BYTES_PER_MAP, limit, 'Use lower orders.');
  const plan = linearPlan(orders);
  const shapes = {
    weight: [maps, channelsIn, channelsOut],
    ...(bias ? { bias: [plan.biases.length, channelsOut] } : {}),
  };

  return {
    orderIn,
    orderOut,
    channelsIn,
    channelsOut,
    parameterCount: maps * channelsIn * channelsOut + (bias ? plan.biases.length * channelsOut : 0),
    init(key) {
      const weight = weightInit(key, shapes.weight, { dtype, fanIn: channelsIn, fanOut: channelsOut });
      return bias
        ? { weight, bias: zeros([plan.biases.length, channelsOut], { dtype, ...beside(weight) }) }
        : { weight };
    },
    apply(params, x, given = {}) {
      const { mask, nodes: sizes } = checkedOptions(`${op}: apply`, given, ['mask', 'nodes']);
      const nodes = nodeSets(op, x, { orders, channels: channelsIn, mask, nodes: sizes });
      checkParams(op, params, shapes);
      const extents = outputExtents(orders, nodes.sizes);
      checkMemory(
        op,
        `an output of [${[...nodes.lead, ...extents, channelsOut].join(', ')}]`,
        product([...nodes.lead, ...extents, channelsOut]),
        8,
        limit,
        'Use a lower order, fewer channels or smaller batches.',
      );
      const pool = pooler(nodes.x, nodes, normalize);
      const terms = plan.exchanges.flatMap((exchange) => exchanged(params.weight, exchange, pool, nodes.lead.length));
      const { bias: constants } = params;
      if (constants)
        plan.biases.forEach((pattern, i) => terms.push({ pattern, value: spread(constants.at(i), pattern) }));
      const y = assemble(terms, (value, pattern) => onDiagonals(value, pattern, nodes));
      return nodes.masked(y.broadcastTo([...nodes.lead, ...extents, channelsOut]));
    },
  };
}

/** A part of the output that broadcasts over it, to be laid on the diagonals of its pattern. */
interface Term {
  readonly pattern: SidePattern;
  readonly value: Tensor;
}

/** All maps that keep the same indices: one product for each order of the kept axes. */
function exchanged(weight: Tensor, exchange: Exchange, pool: (pattern: SidePattern) => Tensor, lead: number): Term[] {
  const { features, slots, orders } = exchange;
  const pooled = features.map(pool);
  const drawn = pooled.length === 1 ? pooled[0] : concat(pooled, -1);
  const channels = weight.shape[2];
  const mixed = orders.map(({ axes, maps }) => {
    const matrix = weightMatrix(weight, maps);
    const y = drawn.matmul(matrix);
    const batch = Array.from({ length: lead }, (_, i) => i);
    const moved = [...batch, ...axes.map((axis) => lead + axis), lead + axes.length];
    return axes.every((axis, j) => axis === j) ? y : y.transpose(moved);
  });
  const y = mixed.reduce((total, one) => total.add(one));
  return slots.map((pattern, i) => ({
    pattern,
    value: spread(slots.length === 1 ? y : y.slice('...', [i * channels, (i + 1) * channels]), pattern),
  }));
}

/** The weights of the maps [feature][slot] as one matrix, features x channelsIn by slots x channelsOut. */
function weightMatrix(weight: Tensor, maps: readonly (readonly number[])[]): Tensor {
  const [, inputs, outputs] = weight.shape;
  if (maps.length === 1 && maps[0].length === 1) return weight.at(maps[0][0]);
  return weight
    .take(maps.flat())
    .reshape([maps.length, maps[0].length, inputs, outputs])
    .transpose([0, 2, 1, 3])
    .reshape([maps.length * inputs, maps[0].length * outputs]);
}

/** Adds the terms of each pattern, then lays each sum on its diagonals. */
function assemble(terms: readonly Term[], lay: (value: Tensor, pattern: SidePattern) => Tensor): Tensor {
  const sums = new Map<string, Term>();
  for (const { pattern, value } of terms) {
    const key = pattern.map(({ axes }) => axes.join()).join('|');
    const before = sums.get(key);
    sums.set(key, { pattern, value: before ? before.value.add(value) : value });
  }
  return [...sums.values()].map(({ pattern, value }) => lay(value, pattern)).reduce((total, one) => total.add(one));
}
