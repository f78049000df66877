import { checkedOptions, random } from '@flowfield/tensor-webgpu';
import { checkPositive } from '../optimizers/ranges.ts';
import { checkedContext, type Initializer } from './initializer.ts';

export interface SirenOptions {
  /** The frequency of the sine of every layer, sin(omega x) (default 30). */
  readonly omega?: number;
}

/**
 * Starts an `mlp` with the activation x => sin(omega x): weights uniform on ±√(6 / fanIn) / omega, those of the first layer on
 * ±1 / fanIn (Sitzmann et al. 2020, section 3.2). `mlp({ …, activation: (x) => x.mul(30).sin(), ...initializers.siren() })`.
 * @throws ArgumentError for an omega that is not positive, or an unknown option.
 */
export function siren(options: SirenOptions = {}): { weightInit: Initializer; firstWeightInit: Initializer } {
  const { omega = 30 } = checkedOptions('siren', options, ['omega']);
  checkPositive('siren: omega', omega);
  const within =
    (boundOf: (fanIn: number) => number): Initializer =>
    (key, shape, context) => {
      const { dtype, fanIn } = checkedContext('siren', context);
      const bound = boundOf(fanIn);
      return random.uniform(key, shape, { minval: -bound, maxval: bound, dtype });
    };
  return { weightInit: within((fanIn) => Math.sqrt(6 / fanIn) / omega), firstWeightInit: within((fanIn) => 1 / fanIn) };
}
