import { DerivativeError } from '../errors/errors.ts';
import type { Operand, Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { elementwise, FLOATS } from './elementwise.ts';
import { asValues } from './operand.ts';
import { logGammaQuantileSlope } from './special/gammaQuantile.ts';

/** The derivative in alpha of the logarithm of standard gamma numbers at a fixed level of their distribution function. */
const gammaQuantileSlopePrimitive = elementwise({
  name: 'gammaQuantileSlope',
  scalar: logGammaQuantileSlope,
  cost: 400,
  dtypes: FLOATS,
  jvp() {
    throw new DerivativeError(
      'random.gamma: draws have first derivatives in their parameters, but no second ones. Use stopGradient on one of the derivatives.',
    );
  },
});

export const gammaQuantileSlope = (alpha: Operand, logX: Operand): Value =>
  bind(gammaQuantileSlopePrimitive, asValues([alpha, logX]), {})[0];
