import { checkedOptions, checkedWhole, type random, type Tensor, type TensorLike } from '@flowfield/tensor-webgpu';
import { checkedChoice } from '../inputs/choice.ts';
import { checkedDType } from '../inputs/params.ts';
import {
  type ElementInit,
  type ElementKind,
  type ElementParams,
  elementLayer,
  quadratic,
  type TransmissionForm,
  transmissionKind,
} from './elementLayer.ts';
import { type Aggregate, elementsOf } from './elements.ts';

/** Which elements of padded sets are real. */
export interface SetApplyOptions {
  /** [lead…, n], or [n] for a whole batch: 1 or true where an element is real. */
  readonly mask?: TensorLike;
}

/** A function of sets x [lead…, n, inputs]: order 1 gives [lead…, n, outputs], 0 at padding; order 0 gives [lead…, outputs]. */
export interface SetLayer<P> {
  readonly orderIn: 1;
  readonly orderOut: 0 | 1;
  readonly inputs: number;
  readonly outputs: number;
  /** How many numbers the parameters hold. */
  readonly parameterCount: number;
  init(key: random.Key): P;
  apply(params: P, x: Tensor, options?: SetApplyOptions): Tensor;
}

export interface QuadraticTransmissionOptions extends ElementInit {
  readonly inputs: number;
  readonly outputs: number;
  /** Whether a bias is added (default true). */
  readonly bias?: boolean;
}

export interface TransmissionOptions extends ElementInit {
  readonly inputs: number;
  readonly outputs: number;
  /** 'deviation' (default): x W1 + (x - m) W2; 'context': x W1 + m W2. Both are all linear equivariant maps. */
  readonly form?: TransmissionForm;
  /** What m is (default 'mean'). A sum grows with the set. */
  readonly aggregate?: Aggregate;
  /** Whether a bias is added (default true); 'both' has one for each matrix, [2, outputs], which are added. */
  readonly bias?: boolean | 'both';
}

/**
 * The transmission layer of PointNetST: x_i W1 + (x_i - m) W2 + b with the mean m of the set, a drop-in for a linear layer that makes a
 * network of pointwise layers universal among equivariant set functions. `weight` [2, inputs, outputs] holds W1 and W2. One
 * product over the elements, as a linear layer has. Segol & Lipman 2020, "On universal equivariant set networks".
 * @throws ArgumentError for unknown options or wrong numbers; `apply` throws LayerShapeError, MaskError, EmptySetError, and
 *   NonFiniteInputError for NaN or infinity outside padding (not inside a trace).
 */
export function transmission(options: TransmissionOptions): SetLayer<ElementParams> {
  const op = 'transmission';
  const { form, aggregate, bias, ...rest } = checkedOptions(op, options, [
    'inputs',
    'outputs',
    'form',
    'aggregate',
    'bias',
    'weightInit',
    'biasInit',
    'dtype',
  ]);
  return setLayer(op, checkedTransmission(op, form, aggregate), checkedBias(op, bias), rest);
}

/**
 * The quadratic layer of PointNetQT: x W1 + (x - m) W2 + m² W3 + mean(x²) W4 + (m ⊙ x) W5 + b with the mean m over the elements and products
 * entry by entry. `weight` [5, inputs, outputs]. Segol & Lipman 2020, section 5.
 * @throws as `transmission`.
 */
export function quadraticTransmission(options: QuadraticTransmissionOptions): SetLayer<ElementParams> {
  const op = 'quadraticTransmission';
  const names = ['inputs', 'outputs', 'bias', 'weightInit', 'biasInit', 'dtype'] as const;
  const { bias, ...rest } = checkedOptions(op, options, names);
  return setLayer(op, quadratic, checkedBias(op, bias, false), rest);
}

export function checkedTransmission(
  op: string,
  form: TransmissionForm = 'deviation',
  aggregate: Aggregate = 'mean',
): ElementKind {
  checkedChoice(`${op}: form`, form, ['deviation', 'context']);
  return transmissionKind(form, checkedAggregate(`${op}: aggregate`, aggregate));
}

export const checkedAggregate = (what: string, given: Aggregate): Aggregate =>
  checkedChoice(what, given, ['mean', 'sum', 'max']);

export function checkedBias(op: string, given: boolean | 'both' = true, both = true): boolean | 'both' {
  if (typeof given === 'boolean') return given;
  return checkedChoice(`${op}: bias`, given, (both ? ['true', 'false', 'both'] : ['true', 'false']) as 'both'[]);
}

function setLayer(
  op: string,
  kind: ElementKind,
  bias: boolean | 'both',
  { inputs, outputs, ...init }: ElementInit & { readonly inputs: number; readonly outputs: number },
): SetLayer<ElementParams> {
  checkedWhole(`${op}: inputs`, inputs);
  checkedWhole(`${op}: outputs`, outputs);
  checkedDType(op, init.dtype ?? 'f32');
  const layer = elementLayer(op, kind, { inputs, outputs, bias }, init);
  return {
    orderIn: 1,
    orderOut: 1,
    inputs,
    outputs,
    parameterCount: layer.parameterCount,
    init: layer.init,
    apply(params, x, given = {}) {
      const { mask } = checkedOptions(`${op}: apply`, given, ['mask']);
      const elements = elementsOf(op, x, inputs, mask);
      return elements.masked(layer.apply(params, elements.x, elements));
    },
  };
}
