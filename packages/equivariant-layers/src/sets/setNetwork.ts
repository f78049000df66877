import {
  type Activation,
  type ActivationName,
  activation as activationNamed,
  type MlpParams,
  mlp,
} from '@flowfield/nn';
import { ArgumentError, checkedOptions, checkedWhole, random, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedDType } from '../inputs/params.ts';
import type { ElementInit, ElementLayer, ElementParams } from './elementLayer.ts';
import { type Aggregate, type Elements, elementsOf } from './elements.ts';
import { checkedAggregate, type SetLayer } from './transmission.ts';

/** `layers` one for each layer on elements; `head` where the network pools. */
export type SetNetworkParams = { layers: ElementParams[]; head?: MlpParams };

export interface SetNetworkOptions extends ElementInit {
  /** Numbers given for each element. */
  readonly inputs: number;
  /** Widths of the hidden layers on elements. */
  readonly hidden: readonly number[];
  /** Numbers that the network gives: for each element, or for each set with `pool`. */
  readonly outputs: number;
  /** After every hidden layer (default 'relu'). */
  readonly activation?: ActivationName | Activation;
  /** Pools the last hidden layer over the elements, so that the network gives one result for each set (default none: one for each element). */
  readonly pool?: Aggregate;
  /** With `pool`: widths of hidden layers after it (default none). */
  readonly head?: readonly number[];
}

export const setNetworkOptionNames = [
  'inputs',
  'hidden',
  'outputs',
  'activation',
  'pool',
  'head',
  'weightInit',
  'biasInit',
  'dtype',
] as const satisfies readonly (keyof SetNetworkOptions)[];

/** How one layer on elements sees the features before it. */
export interface ElementStep {
  readonly layer: ElementLayer;
  /** What the layer takes, from the outputs of all layers before (default: the last of them). */
  readonly joined?: (before: readonly Tensor[], elements: Elements) => Tensor;
}

/** What makes networks of one kind. */
export interface SetNetworkKind {
  /** Layer `at` of `count`, from width `inputs` to `outputs`; `widths` are those of all layers before, the input first. */
  step(at: number, widths: readonly number[], outputs: number, count: number): ElementStep;
  /** After every layer on elements, the last one too, before the activation. */
  readonly after?: (h: Tensor) => Tensor;
}

/** Checks the options of all set networks. */
export function checkedNetwork(op: string, options: SetNetworkOptions): { widths: number[]; init: ElementInit } {
  const { inputs, hidden, outputs, pool, head, weightInit, biasInit, dtype } = options;
  checkedWhole(`${op}: inputs`, inputs);
  checkedWhole(`${op}: outputs`, outputs);
  checkedWidths(op, 'hidden', hidden);
  checkedDType(op, dtype ?? 'f32');
  if (pool !== undefined) checkedAggregate(`${op}: pool`, pool);
  else if (head !== undefined) {
    throw new ArgumentError(`${op}: head is for pooled networks, got it without pool. Give pool, or leave head out.`);
  }
  if (head !== undefined) checkedWidths(op, 'head', head);
  if (pool !== undefined && hidden.length === 0) {
    throw new ArgumentError(`${op}: expected a hidden layer before pool, got hidden []. Give at least one width.`);
  }
  return {
    widths: pool === undefined ? [...hidden, outputs] : [...hidden],
    init: {
      ...(weightInit ? { weightInit } : {}),
      ...(biasInit ? { biasInit } : {}),
      ...(dtype ? { dtype } : {}),
    },
  };
}

/** Throws `ArgumentError` unless `given` is a list of widths. */
export function checkedWidths(op: string, name: string, given: readonly number[]): readonly number[] {
  if (!Array.isArray(given)) {
    throw new ArgumentError(`${op}: expected ${name} as a list of widths, got ${String(given)}. Give [] for none.`);
  }
  given.forEach((width, i) => {
    checkedWhole(`${op}: ${name}[${i}]`, width);
  });
  return given;
}

/** The layer that mixes elements: `given`, or the middle one of `count`. */
export function checkedPlace(op: string, name: string, given: number | undefined, count: number, least = 0): number {
  const at = given ?? Math.max(least, count >> 1);
  if (Number.isInteger(at) && at >= least && at < count) return at;
  throw new ArgumentError(
    `${op}: ${name} must be a layer of the ${count} on elements, ${least} to ${count - 1}, got ${String(at)}. Hidden layers come first.`,
  );
}

/** A network of layers on elements with an activation between, and a pooled head if asked for. */
export function setNetwork(op: string, options: SetNetworkOptions, kind: SetNetworkKind): SetLayer<SetNetworkParams> {
  const { inputs, outputs, pool, head: headWidths, activation = 'relu' } = options;
  const { widths, init } = checkedNetwork(op, options);
  const activate = activationNamed(activation);
  const steps = widths.map((width, at) => kind.step(at, [inputs, ...widths.slice(0, at)], width, widths.length));
  const head =
    pool === undefined
      ? null
      : mlp({ inputs: widths[widths.length - 1], hidden: headWidths ?? [], outputs, activation, ...init });
  const headSizes = [widths[widths.length - 1], ...(headWidths ?? []), outputs];
  const headCount = head ? headSizes.slice(1).reduce((total, width, i) => total + (headSizes[i] + 1) * width, 0) : 0;

  return {
    orderIn: 1,
    orderOut: pool === undefined ? 1 : 0,
    inputs,
    outputs,
    parameterCount: steps.reduce((total, { layer }) => total + layer.parameterCount, headCount),
    init(key) {
      const keys = [...random.split(key, steps.length + 1)];
      const layers = steps.map(({ layer }, i) => layer.init(keys[i]));
      return head ? { layers, head: head.init(keys[steps.length]) } : { layers };
    },
    apply(params, x, given = {}) {
      const { mask } = checkedOptions(`${op}: apply`, given, ['mask']);
      checkLayers(op, params, steps.length, head !== null);
      const elements = elementsOf(op, x, inputs, mask);
      const made: Tensor[] = [elements.x];
      steps.forEach(({ layer, joined }, i) => {
        const before = joined ? joined(made, elements) : made[i];
        const h = layer.apply(params.layers[i], before, elements);
        const scaled = kind.after ? kind.after(h) : h;
        made.push(i < steps.length - 1 || head ? activate(scaled) : scaled);
      });
      const last = made[steps.length];
      if (!head || pool === undefined) return elements.masked(last);
      return head.apply(params.head as MlpParams, elements.aggregate(last, pool).squeeze(-2));
    },
  };
}

function checkLayers(op: string, params: SetNetworkParams, count: number, pooled: boolean): void {
  const found = Array.isArray(params?.layers) ? params.layers.length : 'no list of';
  if (found === count && (params.head !== undefined) === pooled) return;
  throw new ArgumentError(
    `${op}: expected parameters { layers [${count}]${pooled ? ', head' : ''} }, got ${found} layers${params?.head ? ', head' : ''}. Draw them with init(key) of a network with the same options.`,
  );
}
