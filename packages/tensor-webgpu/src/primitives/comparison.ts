import type { Law, Primitive } from '../program/program.ts';
import { binary, elementwise, FLOATS, type Scalar, unary } from './elementwise.ts';
import { commonDType } from './operand.ts';

/** A comparison of two operands of one dtype; the output is bool. Any comparison with NaN but `ne` is false. */
const comparison = (
  name: string,
  holds: (x: number, y: number) => boolean,
  laws: readonly Law[] = ['exact'],
): Primitive =>
  elementwise({
    name,
    laws,
    scalar: ((x, y) => (holds(x, y) ? 1 : 0)) satisfies Scalar,
    outputDType: (inputs) => {
      commonDType(name, inputs);
      return 'bool';
    },
  });

const test = (name: string, holds: (x: number) => boolean): Primitive =>
  elementwise({
    name,
    laws: ['exact'],
    scalar: (x) => (holds(x) ? 1 : 0),
    outputDType: (inputs) => {
      commonDType(name, inputs, FLOATS);
      return 'bool';
    },
  });

export const eqPrimitive = comparison('eq', (x, y) => x === y, ['exact', 'commutative']);
export const nePrimitive = comparison('ne', (x, y) => x !== y, ['exact', 'commutative']);
export const ltPrimitive = comparison('lt', (x, y) => x < y);
export const lePrimitive = comparison('le', (x, y) => x <= y);
export const gtPrimitive = comparison('gt', (x, y) => x > y);
export const gePrimitive = comparison('ge', (x, y) => x >= y);
export const isNaNPrimitive = test('isNaN', Number.isNaN);
export const isFinitePrimitive = test('isFinite', Number.isFinite);

export const eq = binary(eqPrimitive);
export const ne = binary(nePrimitive);
export const lt = binary(ltPrimitive);
export const le = binary(lePrimitive);
export const gt = binary(gtPrimitive);
export const ge = binary(gePrimitive);
export const isNaN = unary(isNaNPrimitive);
export const isFinite = unary(isFinitePrimitive);
