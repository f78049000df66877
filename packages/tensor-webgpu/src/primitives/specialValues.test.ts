import { describe, expect, it } from 'vitest';
import { jit, type Tensor, tensor } from '../index.ts';
import type { Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { primitives } from './table.ts';

const SPECIAL = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, Infinity, -Infinity, NaN, 1e10, -1e10, 100, -100];
const WITHOUT_OPERANDS_OF_FLOATS = ['iota', 'threefry2x32', 'bitcast', 'cast'];
const functions = [...primitives.values()].filter(
  ({ kind, name }) => kind === 'elementwise' && !WITHOUT_OPERANDS_OF_FLOATS.includes(name),
);

/** A zero's sign, an infinity and NaN as they are; other numbers as numbers. */
const kindOf = (x: number): string =>
  Object.is(x, -0) ? '-0' : x === 0 || !Number.isFinite(x) ? String(x) : x < 0 ? 'below 0' : 'above 0';

describe.each(['f32', 'f64'] as const)('elementwise primitives of %s', (dtype) => {
  it.each(functions.map((primitive) => [primitive.name, primitive] as const))(
    '%s: zeros of both signs, infinities and NaN come out as the definition says',
    (_name, primitive) => {
      // All pairs of special values; a third operand, if there is one, runs like the first.
      const count = SPECIAL.length ** 2;
      const columns = [0, 1, 0].map((k) =>
        Array.from(
          { length: count },
          (_, i) => SPECIAL[(k === 0 ? i : Math.floor(i / SPECIAL.length)) % SPECIAL.length],
        ),
      );
      const run = (device: string, arity: number): ArrayLike<number> => {
        const operands = columns
          .slice(0, arity)
          .map((column, i) =>
            tensor(column, { device, dtype: primitive.name === 'select' && i === 0 ? 'bool' : dtype }),
          );
        return jit((...xs: Value[]) => bind(primitive, xs, { order: 1 })[0] as Tensor)(...operands).dataSync();
      };
      const arity = [1, 2, 3].find((n) => {
        try {
          return run('cpu', n).length === count;
        } catch {
          return false;
        }
      });
      // Logic takes no floats.
      if (arity === undefined) {
        expect(['and', 'or', 'xor', 'not', 'shiftLeft', 'shiftRight']).toContain(primitive.name);
        return;
      }
      const [got, wanted] = [run('cpu', arity), run('reference', arity)];
      const differing = Array.from({ length: count }, (_, i) => i).filter((i) => kindOf(got[i]) !== kindOf(wanted[i]));
      const shown = differing.map((i) => `(${columns.slice(0, arity).map((c) => c[i])}): ${got[i]} for ${wanted[i]}`);
      expect(shown).toEqual([]);
    },
  );
});
