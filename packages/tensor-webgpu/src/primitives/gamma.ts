import { ArgumentError } from '../errors/errors.ts';
import type { Operand, Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { elementwise, FLOATS, unary } from './elementwise.ts';
import { asValues, commonDType } from './operand.ts';
import * as special from './special/gamma.ts';

/** `log |Gamma(x)|`; infinite at 0, -1, -2, … */
export const lgammaPrimitive = elementwise({
  name: 'lgamma',
  cost: 60,
  scalar: special.logGamma,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.digamma(x)],
});

/** The derivative of `lgamma`. */
export const digammaPrimitive = elementwise({
  name: 'digamma',
  cost: 60,
  scalar: special.digamma,
  dtypes: FLOATS,
  partials: [(lax, [x]) => lax.polygamma(1, x)],
});

/** The derivative of `digamma` of an order of at least 1; order 1 is the trigamma function. */
export const polygammaPrimitive = elementwise({
  name: 'polygamma',
  cost: 80,
  scalarFor:
    (_dtype, { order }: { order: number }) =>
    (x) =>
      special.polygamma(order, x),
  outputDType: (inputs, { order }: { order: number }) => {
    if (!Number.isInteger(order) || order < 1) {
      throw new ArgumentError(
        `polygamma: order ${order} is not valid. Use an integer of at least 1, or digamma for order 0.`,
      );
    }
    return commonDType('polygamma', inputs, FLOATS);
  },
  partials: [(lax, [x], _output, { order }: { order: number }) => lax.polygamma(order + 1, x)],
});

export const lgamma = unary(lgammaPrimitive);
export const digamma = unary(digammaPrimitive);
export const polygamma = (order: number, x: Operand): Value => bind(polygammaPrimitive, asValues([x]), { order })[0];
