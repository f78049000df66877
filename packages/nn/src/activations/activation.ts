import {
  ArgumentError,
  checkedOptions,
  elu,
  gelu,
  leakyRelu,
  mish,
  nearestName,
  relu,
  sigmoid,
  silu,
  sin,
  softplus,
  softsign,
  type Tensor,
  tanh,
} from '@flowfield/tensor-webgpu';

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
  mish: (x: Tensor): Tensor => mish(x),
  relu: (x: Tensor): Tensor => relu(x),
  sigmoid: (x: Tensor): Tensor => sigmoid(x),
  silu: (x: Tensor): Tensor => silu(x),
  sin: (x: Tensor): Tensor => sin(x),
  softplus: (x: Tensor): Tensor => softplus(x),
  softsign: (x: Tensor): Tensor => softsign(x),
  tanh: (x: Tensor): Tensor => tanh(x),
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;

/** A name that is in no table of activations; `nearest` is the name that looks most like it, if one does. */
export class UnknownActivationError extends ArgumentError {
  readonly nearest: string | null;

  constructor(given: unknown, names: readonly string[]) {
    const nearest = nearestName(String(given), names);
    super(
      `activation: expected a function or one of ${names.join(', ')}; got '${String(given)}'. ${nearest ? `Did you mean '${nearest}'?` : 'Use one of these.'}`,
    );
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
export function activation(given: ActivationName | Activation, options: ActivationOptions = {}): Activation {
  const { beta } = checkedOptions('activation', options, ['beta']);
  if (beta !== undefined) {
    if (given === 'softplus' && beta > 0 && Number.isFinite(beta)) return (x) => softplus(x, beta);
    if (given === 'softplus') throw new ArgumentError(`activation: beta must be positive, got ${String(beta)}.`);
    throw new ArgumentError(
      `activation: beta belongs to 'softplus', got ${typeof given === 'string' ? `'${given}'` : 'a function'}. Leave beta out.`,
    );
  }
  if (typeof given === 'function') return given;
  if (Object.hasOwn(activations, given)) return activations[given];
  throw new UnknownActivationError(given, Object.keys(activations));
}
