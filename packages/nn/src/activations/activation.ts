import {
  ArgumentError,
  elu,
  gelu,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  sin,
  softplus,
  softsign,
  type Tensor,
  tanh,
} from '@flowfield/tensor-webgpu';
import { closest } from 'fastest-levenshtein';

/** A function applied to every element: the shape stays. */
export type Activation = (x: Tensor) => Tensor;

/** The activations that go by name, without parameters. */
export const activations = {
  elu: (x: Tensor): Tensor => elu(x),
  gelu: (x: Tensor): Tensor => gelu(x),
  /** x / 2 · (1 + tanh(√(2/π) (x + 0.044715 x³))): cheaper than `gelu`. */
  geluTanh: (x: Tensor): Tensor => gelu(x, { approximate: 'tanh' }),
  identity: (x: Tensor): Tensor => x,
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
  /** x · tanh(softplus(x)); Misra 2019. */
  mish: (x: Tensor): Tensor => x.mul(tanh(softplus(x))),
  relu: (x: Tensor): Tensor => relu(x),
  sigmoid: (x: Tensor): Tensor => sigmoid(x),
  silu: (x: Tensor): Tensor => silu(x),
  sin: (x: Tensor): Tensor => sin(x),
  softplus: (x: Tensor): Tensor => softplus(x),
  softsign: (x: Tensor): Tensor => softsign(x),
  tanh: (x: Tensor): Tensor => tanh(x),
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;

/** A name that is in no table of activations; `nearest` is the name that looks most like it. */
export class UnknownActivationError extends ArgumentError {
  readonly nearest: string;

  constructor(given: string, nearest: string, names: readonly string[]) {
    super(`activation: expected a function or one of ${names.join(', ')}; got '${given}'. Did you mean '${nearest}'?`);
    this.nearest = nearest;
  }
}

export interface ActivationOptions {
  /** Sharpness of `softplus`: log(1 + e^(beta x)) / beta. Only `softplus` takes it. */
  readonly beta?: number;
}

/**
 * The activation of that name; a function is handed back as it is.
 * @throws UnknownActivationError for a name that is not in `activations`; ArgumentError for `beta` without `softplus`.
 */
export function activation(given: ActivationName | Activation, { beta }: ActivationOptions = {}): Activation {
  if (beta !== undefined) {
    if (given === 'softplus') return (x) => softplus(x, beta);
    throw new ArgumentError(
      `activation: beta belongs to 'softplus', got ${typeof given === 'string' ? `'${given}'` : 'a function'}. Leave beta out.`,
    );
  }
  if (typeof given === 'function') return given;
  if (Object.hasOwn(activations, given)) return activations[given];
  const names = Object.keys(activations);
  throw new UnknownActivationError(String(given), closest(String(given), names), names);
}
