import { DTypeError } from '../errors/errors.ts';
import type { Operand, Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { elementwise } from './elementwise.ts';
import { asValues, commonDType } from './operand.ts';

/** `condition ? a : b`, element by element. The branch not taken has no part in the derivative. */
export const selectPrimitive = elementwise({
  name: 'select',
  laws: ['exact'],
  scalar: (condition, a, b) => (condition !== 0 ? a : b),
  outputDType: (inputs) => {
    if (inputs[0].dtype !== 'bool') {
      throw new DTypeError(
        `select: the condition has dtype ${inputs[0].dtype}; expected bool. Compare it with 0 first.`,
      );
    }
    return commonDType('select', inputs.slice(1));
  },
  jvp: (lax, [condition], [, da, db]) => (da || db ? lax.select(condition, da ?? 0, db ?? 0) : null),
  transpose: (lax, [ct], [condition], linear) => [
    null,
    linear[1] && ct ? lax.select(condition!, ct, 0) : null,
    linear[2] && ct ? lax.select(condition!, 0, ct) : null,
  ],
});

/** Numbers take the other branch's dtype; two numbers give f32. */
export const select = (condition: Operand, a: Operand, b: Operand): Value =>
  bind(selectPrimitive, [...asValues([condition], 'bool'), ...asValues([a, b])], {})[0];
