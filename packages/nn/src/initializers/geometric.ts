import { checkedOptions, checkedWhole, random } from '@flowfield/tensor-webgpu';
import { checkPositive } from '../optimizers/ranges.ts';
import { constant, zeros } from './constant.ts';
import { checkedContext, type Initializer } from './initializer.ts';

/** The initializers of a network, to spread into the options of `mlp`. */
export interface NetworkInitializers {
  readonly weightInit: Initializer;
  readonly biasInit: Initializer;
  readonly outputWeightInit: Initializer;
  readonly outputBiasInit: Initializer;
}

export interface GeometricOptions {
  /** Radius of the first zero level set (default 1). */
  readonly radius?: number;
  /** Standard deviation of the weights of the last layer (default 1e-5). */
  readonly spread?: number;
  /** How many leading inputs are coordinates; the first layer ignores the others, such as features (default: all inputs). */
  readonly coordinates?: number;
}

/**
 * Starts an `mlp` with one output near the signed distance to a sphere, f(x) ≈ ‖x‖ - radius: hidden weights from N(0, 2 / fanOut) and
 * biases 0, the last weights from N(√π / √fanIn, spread²) and the last bias -radius (Atzmon & Lipman 2020, theorem 1; Gropp et al.
 * 2020). For 'relu' and sharp 'softplus' (beta 100): `mlp({ …, ...initializers.geometric() })`.
 * @throws ArgumentError for a radius or spread that is not positive, or an unknown option.
 */
export function geometric(options: GeometricOptions = {}): NetworkInitializers & { firstWeightInit?: Initializer } {
  const {
    radius = 1,
    spread = 1e-5,
    coordinates,
  } = checkedOptions('geometric', options, ['radius', 'spread', 'coordinates']);
  checkPositive('geometric: radius', radius);
  checkPositive('geometric: spread', spread);
  if (coordinates !== undefined) checkedWhole('geometric: coordinates', coordinates);
  const hidden: Initializer = (key, shape, context) => {
    const { dtype, fanOut } = checkedContext('geometric', context);
    return random.normal(key, shape, { dtype }).mul(Math.sqrt(2 / fanOut));
  };
  const first: Initializer = (key, shape, context) => {
    const [inputs, outputs] = shape;
    const seen = Math.min(coordinates ?? inputs, inputs);
    const weight = hidden(key, [seen, outputs], context);
    if (seen === inputs) return weight;
    return weight.pad([
      [0, inputs - seen],
      [0, 0],
    ]);
  };
  return {
    weightInit: hidden,
    biasInit: zeros,
    outputWeightInit: (key, shape, context) => {
      const { dtype, fanIn } = checkedContext('geometric', context);
      const mean = Math.sqrt(Math.PI / fanIn);
      return random.normal(key, shape, { dtype }).mul(spread).add(mean);
    },
    outputBiasInit: constant(-radius),
    ...(coordinates === undefined ? {} : { firstWeightInit: first }),
  };
}
