import { initializers } from '@flowfield/nn';
import {
  checkedOptions,
  checkedWhole,
  checkTensor,
  dotGeneral,
  type random,
  type Tensor,
  zeros,
} from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import { beside } from '../inputs/beside.ts';
import { checkFinite } from '../inputs/finite.ts';
import { floating } from '../inputs/floating.ts';
import { checkedMemoryLimit, checkMemory } from '../inputs/memory.ts';
import { checkedDType, checkedFlag, checkParams } from '../inputs/params.ts';
import { checkGroup, type PermutationGroup } from './group.ts';
import { checkTableSize, countOrbits, orbitTable } from './orbits.ts';

/** `weight` [orbits on tuples of orderIn + orderOut, channelsIn, channelsOut], `bias` [orbits on tuples of orderOut, channelsOut]. */
export type GroupLinearParams = { weight: Tensor; bias?: Tensor };

export interface GroupLinearOptions {
  readonly group: PermutationGroup;
  /** Axes over the group's points that the input has. */
  readonly orderIn: number;
  readonly orderOut: number;
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** Whether a bias is added, one for each orbit of output indices (default true). */
  readonly bias?: boolean;
  /** Default `kaimingNormal`: variance 2 / (channelsIn n^orderIn). Biases start at 0. */
  readonly weightInit?: initializers.Initializer;
  /** Default f32. */
  readonly dtype?: initializers.ParameterDType;
  /** Bytes that the orbit table, or the weights laid out by it, may take (default 1 GiB). */
  readonly memoryLimit?: number;
}

/** A layer tied by a group of permutations: init and apply over plain parameters. */
export interface GroupLayer<P> {
  readonly group: PermutationGroup;
  readonly orderIn: number;
  readonly orderOut: number;
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** How many numbers the parameters hold. */
  readonly parameterCount: number;
  init(key: random.Key): P;
  apply(params: P, x: Tensor): Tensor;
}

const optionNames = [
  'group',
  'orderIn',
  'orderOut',
  'channelsIn',
  'channelsOut',
  'bias',
  'weightInit',
  'dtype',
  'memoryLimit',
] as const satisfies readonly (keyof GroupLinearOptions)[];

/** The group, orders and channels of a layer, whose weights are counted. */
export type GroupLinearSize = Pick<
  GroupLinearOptions,
  'group' | 'orderIn' | 'orderOut' | 'channelsIn' | 'channelsOut' | 'bias'
>;

/**
 * How many numbers the parameters of `groupLinear` hold, by Burnside's lemma: nothing is allocated.
 * channelsIn channelsOut |[n]^(k+l) / G| + channelsOut |[n]^l / G|.
 * @throws as `countOrbits` does.
 */
export function groupLinearParameters(size: GroupLinearSize): number {
  const op = 'groupLinearParameters';
  const {
    group,
    orderIn,
    orderOut,
    channelsIn,
    channelsOut,
    bias = true,
  } = checkedOptions(op, size, ['group', 'orderIn', 'orderOut', 'channelsIn', 'channelsOut', 'bias']);
  checkSize(op, size);
  const biases = bias ? channelsOut * countOrbits(group, orderOut) : 0;
  return channelsIn * channelsOut * countOrbits(group, orderIn + orderOut) + biases;
}

/**
 * Every affine map between tensors over the points of a permutation group that commutes with the group:
 * Y[b, o] = β[orbit(b), o] + Σ_{a, c} W[orbit(b, a), c, o] X[a, c], x [lead…, n, …, n, channelsIn] -> [lead…, n, …, n, channelsOut].
 * The group acts by (g·X)[i₁, …] = X[g⁻¹ i₁, …]. For the cyclic group and orders 1 → 1 this is circular convolution.
 * Maron et al. 2019, "On the universality of invariant networks", section 2.
 *
 * Weights are laid out over all n^(orderIn + orderOut) pairs of indices; for the symmetric group `equivariantLinear` needs no
 * such table and serves every n.
 * @throws ArgumentError for unknown options or wrong numbers; MemoryLimitError, before anything is allocated, when tables or
 *   weights would exceed `memoryLimit`; `apply` throws LayerShapeError for an input of another shape, NonFiniteInputError
 *   for NaN or infinity outside a trace.
 */
export function groupLinear(options: GroupLinearOptions): GroupLayer<GroupLinearParams> {
  const op = 'groupLinear';
  const {
    group,
    orderIn,
    orderOut,
    channelsIn,
    channelsOut,
    bias = true,
    weightInit = initializers.kaimingNormal(),
    dtype = 'f32',
  } = checkedOptions(op, options, optionNames);
  checkSize(op, options);
  checkedFlag(`${op}: bias`, bias);
  checkedDType(op, dtype);
  const limit = checkedMemoryLimit(op, options.memoryLimit);
  const n = group.degree;
  checkTableSize(op, group, orderIn + orderOut, limit);
  const pairs = `${n}^${orderIn + orderOut} x ${channelsIn} x ${channelsOut}`;
  const laidOut = n ** (orderIn + orderOut) * channelsIn * channelsOut;
  checkMemory(
    op,
    `the weights laid out over ${pairs}`,
    laidOut,
    dtype === 'f64' ? 8 : 4,
    limit,
    'Use lower orders or fewer channels.',
  );

  const table = orbitTable(group, orderIn + orderOut, { memoryLimit: limit });
  const biasTable = orbitTable(group, orderOut, { memoryLimit: limit });
  const shapes = {
    weight: [table.count, channelsIn, channelsOut],
    ...(bias ? { bias: [biasTable.count, channelsOut] } : {}),
  };
  const [inputs, outputs] = [n ** orderIn, n ** orderOut];
  const extents = Array<number>(orderOut).fill(n);
  return {
    group,
    orderIn,
    orderOut,
    channelsIn,
    channelsOut,
    parameterCount: table.count * channelsIn * channelsOut + (bias ? biasTable.count * channelsOut : 0),
    init(key) {
      const fans = { fanIn: channelsIn * inputs, fanOut: channelsOut * outputs };
      const weight = weightInit(key, shapes.weight, { dtype, ...fans });
      return bias ? { weight, bias: zeros([biasTable.count, channelsOut], { dtype, ...beside(weight) }) } : { weight };
    },
    apply(params, x) {
      const lead = leadOf(op, x, { n, order: orderIn, channels: channelsIn });
      checkParams(op, params, shapes);
      checkFinite(op, 'x', x);
      const flat = floating(x).reshape([...lead, inputs, channelsIn]);
      // Output tuples run over the leading places of the table, inputs over the others.
      const laid = params.weight.take(table.orbitOf).reshape([outputs, inputs, channelsIn, channelsOut]);
      const at = lead.length;
      const y = dotGeneral(flat, laid, {
        contract: [
          [at, at + 1],
          [1, 2],
        ],
      });
      const biased = params.bias ? y.add(params.bias.take(biasTable.orbitOf)) : y;
      return biased.reshape([...lead, ...extents, channelsOut]);
    },
  };
}

function checkSize(op: string, { group, orderIn, orderOut, channelsIn, channelsOut }: GroupLinearSize): void {
  checkGroup(op, group);
  checkedWhole(`${op}: orderIn`, orderIn, 0);
  checkedWhole(`${op}: orderOut`, orderOut, 0);
  checkedWhole(`${op}: channelsIn`, channelsIn);
  checkedWhole(`${op}: channelsOut`, channelsOut);
}

function leadOf(op: string, x: Tensor, expected: { n: number; order: number; channels: number }): number[] {
  checkTensor(op, 'x', x);
  const own = [...Array<number>(expected.order).fill(expected.n), expected.channels];
  const at = x.shape.length - own.length;
  if (at >= 0 && own.every((extent, i) => x.shape[at + i] === extent)) return x.shape.slice(0, at);
  throw new LayerShapeError(
    `${op}: expected an input of shape [${['…', ...own].join(', ')}], got [${x.shape.join(', ')}]. Give one axis for each order, over the group's points, and the channels last.`,
  );
}
