import {
  type Activation,
  type ActivationName,
  activation as activationNamed,
  type initializers,
  type MlpParams,
  mlp,
} from '@flowfield/nn';
import { ArgumentError, checkedOptions, checkedWhole, random, type Tensor } from '@flowfield/tensor-webgpu';
import { checkGroup, type PermutationGroup } from '../groups/group.ts';
import { groupLinear } from '../groups/groupLinear.ts';
import { checkedChoice } from '../inputs/choice.ts';
import { equivariantLinear } from '../permutations/equivariantLinear.ts';
import type { Normalization } from '../permutations/maps.ts';
import type { Masks } from '../permutations/nodeSets.ts';
import { countSetPartitions } from '../permutations/partitions.ts';
import { poolByPattern } from '../permutations/poolByPattern.ts';

/** Parameters of a layer tied by relabelling or by a group. */
export type TiedParams = { weight: Tensor; bias?: Tensor };

/** `layers` one for each step between orders, `invariant` unless the network pools by pattern, and the head. */
export type InvariantNetworkParams = { layers: TiedParams[]; invariant?: TiedParams; head: MlpParams };

export interface InvariantNetworkOptions {
  /** The order of the input, then of the output of each tied layer. */
  readonly orders: readonly number[];
  /** Channels of the input, then of the output of each tied layer. */
  readonly channels: readonly number[];
  /** Numbers that the network gives. */
  readonly outputs: number;
  /** Widths of the hidden layers of the head (default none: one linear layer). */
  readonly hidden?: readonly number[];
  /** The group; without one all relabellings of any number of nodes. */
  readonly group?: PermutationGroup;
  /**
   * How the last tensor becomes invariant: 'linear' (default) by all linear invariant maps, 'max', 'sum' or 'mean' over each
   * equality pattern of indices (`poolByPattern`; without `group` only).
   */
  readonly pool?: 'linear' | 'max' | 'sum' | 'mean';
  /** Width of the linear invariants (default: the last of `channels`). */
  readonly invariants?: number;
  /** After every tied layer and hidden layer (default 'relu'). */
  readonly activation?: ActivationName | Activation;
  /** Default 'mean'; without `group` only. */
  readonly normalize?: Normalization;
  /** Of the weights of tied layers (default: theirs). */
  readonly tiedInit?: initializers.Initializer;
  /** Of the head's weights (default `fanInUniform`, as in PyTorch). */
  readonly headInit?: initializers.Initializer;
  /** Of the head's biases (default `fanInUniform`). */
  readonly headBiasInit?: initializers.Initializer;
  readonly dtype?: initializers.ParameterDType;
  /** Of each layer, in bytes (default 1 GiB). */
  readonly memoryLimit?: number;
}

export interface InvariantNetwork {
  readonly orderIn: number;
  readonly orderOut: 0;
  readonly channelsIn: number;
  readonly channelsOut: number;
  readonly group: PermutationGroup | undefined;
  /** How many numbers the tied layers hold, without the head. */
  readonly tiedParameterCount: number;
  init(key: random.Key): InvariantNetworkParams;
  /** x [lead…, n, …, n, channels] -> [lead…, outputs]. */
  apply(params: InvariantNetworkParams, x: Tensor, options?: { readonly mask?: Masks }): Tensor;
}

const optionNames = [
  'orders',
  'channels',
  'outputs',
  'hidden',
  'group',
  'pool',
  'invariants',
  'activation',
  'normalize',
  'tiedInit',
  'headInit',
  'headBiasInit',
  'dtype',
  'memoryLimit',
] as const satisfies readonly (keyof InvariantNetworkOptions)[];

/**
 * F = m ∘ h ∘ σ ∘ L_d ∘ … ∘ σ ∘ L_1: tied layers L_i from order k_(i-1) to order k_i with an activation after each, all invariant
 * linear maps h (or pooling by pattern), and a perceptron m. The value does not change when the group acts on the input.
 * With high enough orders these networks approximate every continuous invariant function on compact sets; order 1 is enough only for
 * groups that have other orbits on pairs than every larger group has. Maron et al. 2019, "On the universality of invariant networks".
 * @throws ArgumentError for unknown options, lists of different lengths, or a mask with a group; and what the layers throw.
 */
export function invariantNetwork(options: InvariantNetworkOptions): InvariantNetwork {
  const op = 'invariantNetwork';
  const {
    orders,
    channels,
    hidden = [],
    group,
    pool = 'linear',
    normalize,
    tiedInit,
    headInit,
    headBiasInit,
    dtype,
    memoryLimit,
    activation = 'relu',
  } = checkedOptions(op, options, optionNames);
  checkLists(op, orders, channels);
  if (group !== undefined) checkGroup(op, group);
  checkedChoice(`${op}: pool`, pool, ['linear', 'max', 'sum', 'mean']);
  if (group && (pool !== 'linear' || normalize !== undefined)) {
    throw new ArgumentError(
      `${op}: ${pool === 'linear' ? 'normalize' : `pool '${pool}'`} is for all relabellings, got it with the group ${group.name}. Leave one of them out.`,
    );
  }
  const outputs = checkedWhole(`${op}: outputs`, options.outputs);
  const last = orders.length - 1;
  const activate = activationNamed(activation);
  const tied = (from: number, to: number, channelsIn: number, channelsOut: number): TiedLayer => {
    const size = { orderIn: from, orderOut: to, channelsIn, channelsOut, dtype, memoryLimit, weightInit: tiedInit };
    if (group) return groupLinear({ ...size, group });
    return equivariantLinear({ ...size, normalize });
  };
  const layers = orders.slice(1).map((order, i) => tied(orders[i], order, channels[i], channels[i + 1]));
  const invariants = checkedWhole(`${op}: invariants`, options.invariants ?? channels[last]);
  const invariant = pool === 'linear' ? tied(orders[last], 0, channels[last], invariants) : null;
  const features = invariant ? invariants : channels[last] * countSetPartitions(orders[last]);
  const head = mlp({
    inputs: features,
    hidden,
    outputs,
    activation,
    weightInit: headInit,
    biasInit: headBiasInit,
    dtype,
  });
  const counts = [...layers, ...(invariant ? [invariant] : [])].map((layer) => layer.parameterCount);

  return {
    orderIn: orders[0],
    orderOut: 0,
    channelsIn: channels[0],
    channelsOut: outputs,
    group,
    tiedParameterCount: counts.reduce((total, count) => total + count, 0),
    init(key) {
      const keys = [...random.split(key, layers.length + 2)];
      return {
        layers: layers.map((layer, i) => layer.init(keys[i])),
        ...(invariant ? { invariant: invariant.init(keys[layers.length]) } : {}),
        head: head.init(keys[layers.length + 1]),
      };
    },
    apply(params, x, given = {}) {
      const { mask } = checkedOptions(`${op}: apply`, given, ['mask']);
      if (group && mask !== undefined && mask !== null) {
        throw new ArgumentError(
          `${op}: a group acts on all its points, got a mask with the group ${group.name}. Leave the mask out.`,
        );
      }
      checkParams(op, params, layers.length, invariant !== null);
      const masked = mask === undefined ? {} : { mask };
      const h = layers.reduce((y, layer, i) => activate(layer.apply(params.layers[i], y, masked)), x);
      const pooled = invariant
        ? invariant.apply(params.invariant as TiedParams, h, masked)
        : poolByPattern(h, { order: orders[last], reduce: pool as 'max' | 'sum' | 'mean', ...masked });
      return head.apply(params.head, pooled);
    },
  };
}

interface TiedLayer {
  readonly parameterCount: number;
  init(key: random.Key): TiedParams;
  apply(params: TiedParams, x: Tensor, options?: { readonly mask?: Masks }): Tensor;
}

function checkLists(op: string, orders: readonly number[], channels: readonly number[]): void {
  const lists = Array.isArray(orders) && Array.isArray(channels);
  if (!lists || orders.length !== channels.length || orders.length === 0) {
    const found = lists
      ? `${orders.length} orders and ${channels.length} channels`
      : `${String(orders)} and ${String(channels)}`;
    throw new ArgumentError(
      `${op}: expected orders and channels as lists of one length, got ${found}. Give both for the input, then for each layer.`,
    );
  }
  orders.forEach((order, i) => {
    checkedWhole(`${op}: orders[${i}]`, order, 0);
    checkedWhole(`${op}: channels[${i}]`, channels[i]);
  });
}

function checkParams(op: string, params: InvariantNetworkParams, layers: number, linear: boolean): void {
  const found = Array.isArray(params?.layers) ? params.layers.length : 'no list of';
  if (found === layers && params.head && (params.invariant !== undefined) === linear) return;
  throw new ArgumentError(
    `${op}: expected parameters { layers [${layers}], ${linear ? 'invariant, ' : ''}head }, got ${found} layers${params?.invariant ? ', invariant' : ''}${params?.head ? ', head' : ''}. Draw them with init(key) of a network with the same options.`,
  );
}
