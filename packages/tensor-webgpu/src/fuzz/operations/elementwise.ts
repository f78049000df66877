import { isFloat } from '../../dtype/dtype.ts';
import { type Named, type Operation, on, type Scope } from '../scope.ts';

const float = (scope: Scope): Named | null => scope.float();
const number = (scope: Scope): Named | null => scope.number();
const integer = (scope: Scope): Named | null => scope.integer();

/** Functions that take every float to a moderate one, with the bound of the result. */
const UNARY: readonly (readonly [string, number])[] = [
  ['tanh(x)', 1],
  ['sin(x)', 1],
  ['cos(x)', 1],
  ['sigmoid(x)', 1],
  ['exp(neg(abs(x)))', 1],
  ['exp(x.clip(-3, 2))', 8],
  ['log(abs(x).add(0.5))', 5],
  ['sqrt(abs(x).add(0.25))', 8],
  ['rsqrt(square(x).add(0.25))', 2],
  ['softplus(x)', 50],
  ['erf(x)', 1],
  ['erfc(x)', 2],
  ['erfInv(tanh(x).mul(0.9))', 2],
  ['atan(x)', 2],
  ['asinh(x)', 5],
  ['asin(tanh(x).mul(0.9))', 2],
  ['acos(sin(x).mul(0.9))', 3],
  ['atanh(tanh(x).mul(0.9))', 2],
  ['acosh(square(x).add(1.5))', 9],
  ['sinh(x.clip(-2, 2))', 4],
  ['cosh(x.clip(-2, 2))', 4],
  ['tan(x.clip(-1.2, 1.2))', 3],
  ['expm1(x.clip(-3, 2))', 8],
  ['log1p(abs(x))', 5],
  ['cbrt(square(x).add(0.1))', 14],
  ['reciprocal(abs(x).add(0.5))', 2],
  ['lgamma(abs(x).add(0.5))', 150],
  ['digamma(abs(x).add(0.5))', 5],
  ['gelu(x)', 50],
  ['silu(x)', 50],
  ['relu(x)', 50],
  ['elu(x)', 50],
  ['leakyRelu(x)', 50],
  ['logSigmoid(x)', 50],
  ['exp2(x.clip(-3, 3))', 8],
  ['log2(abs(x).add(0.5))', 6],
  ['normalCdf(x)', 1],
  ['sinc(x)', 1],
  ['floor(x)', 51],
  ['round(x)', 51],
  ['trunc(x)', 50],
  ['ceil(x)', 51],
  ['stopGradient(x)', 50],
  ['nanToNum(x, { posInf: 3, negInf: -3 })', 50],
];

const apply = (template: string, name: string): string => template.replace(/\bx\b/g, name);

const COMPARE = ['less', 'lessEqual', 'greater', 'greaterEqual', 'equal', 'notEqual'];

/** Integer templates; divisors may be zero, which gives zero. */
const INTEGER_BINARY = [
  'add',
  'sub',
  'mul',
  'maximum',
  'minimum',
  'bitwiseAnd',
  'bitwiseOr',
  'bitwiseXor',
  'floorDivide',
  'mod',
  'fmod',
];

export const elementwiseOperations: Readonly<Record<string, Operation>> = {
  unary: on(float, (x, scope) => {
    const [template, bound] = scope.of(UNARY);
    return { text: apply(template, x.name), bound };
  }),
  unary2: on(float, (x, scope) => {
    const [template, bound] = scope.of(UNARY);
    return { text: apply(template, x.name), bound };
  }),
  exact: on(number, (x, scope) => ({
    text: `${scope.of(['neg', 'abs', 'sign', 'square'])}(${x.name})`,
    bound: x.bound ** 2 + 1,
  })),
  add: on(number, (x, scope) => {
    const y = scope.partner(x);
    return { text: `${scope.of(['add', 'sub'])}(${x.name}, ${y.name})`, bound: x.bound + y.bound };
  }),
  mul: on(number, (x, scope) => {
    const y = scope.partner(x);
    return { text: `mul(${x.name}, ${y.name})`, bound: x.bound * y.bound };
  }),
  mulConstant: on(number, (x, scope) => {
    const constant = isFloat(x.dtype) ? scope.of([0, 1, -1, 0.5, 2, -0.7, 1e-3]) : scope.of([0, 1, -1, 2, 7]);
    return { text: `${scope.of(['mul', 'add', 'sub'])}(${x.name}, ${constant})`, bound: x.bound * 2 + 2 };
  }),
  div: on(float, (x, scope) => {
    const y = scope.partner(x);
    return { text: `div(${x.name}, abs(${y.name}).add(0.5))`, bound: x.bound * 2 };
  }),
  pow: on(float, (x, scope) => {
    const y = scope.partner(x);
    return scope.below(2) === 0
      ? { text: `pow(${x.name}, ${scope.of([2, 1, 3, 0])})`, bound: x.bound ** 3 + 1 }
      : { text: `pow(abs(${x.name}).add(0.5), tanh(${y.name}))`, bound: x.bound + 2 };
  }),
  extremes: on(number, (x, scope) => ({
    text: `${scope.of(['maximum', 'minimum'])}(${x.name}, ${scope.partner(x).name})`,
    bound: 50,
  })),
  atan2: on(float, (x, scope) => ({ text: `atan2(${x.name}, abs(${scope.partner(x).name}).add(0.5))`, bound: 3 })),
  hypot: on(float, (x, scope) => ({
    text: `${scope.of(['hypot', 'logaddexp'])}(${x.name}, abs(${scope.partner(x).name}).add(0.5))`,
    bound: 60,
  })),
  compare: on(number, (x, scope) => ({ text: `${scope.of(COMPARE)}(${x.name}, ${scope.partner(x).name})` })),
  where: on(number, (x, scope) => {
    const y = scope.partner(x);
    return {
      text: `where(${scope.of(['less', 'greater'])}(${x.name}, ${y.name}), ${x.name}, ${scope.of([y.name, '0', `neg(${y.name})`])})`,
      bound: 50,
    };
  }),
  whereBool: on(
    (scope) => scope.value((x) => x.dtype === 'bool'),
    (c, scope) => {
      const x = scope.value((y) => y.dtype !== 'bool' && y.shape.join() === c.shape.join());
      return x ? { text: `where(${c.name}, ${x.name}, ${scope.of(['0', '1'])})`, bound: x.bound } : null;
    },
  ),
  logic: on(
    (scope) => scope.value((x) => x.dtype === 'bool'),
    (x, scope) => ({
      text:
        scope.below(3) === 0
          ? `logicalNot(${x.name})`
          : `${scope.of(['logicalAnd', 'logicalOr', 'logicalXor'])}(${x.name}, ${scope.partner(x).name})`,
    }),
  ),
  integers: on(integer, (x, scope) => ({ text: `${scope.of(INTEGER_BINARY)}(${x.name}, ${scope.partner(x).name})` })),
  shifts: on(integer, (x, scope) => ({
    text: `${scope.of(['leftShift', 'rightShift'])}(${x.name}, ${scope.below(9)})`,
  })),
  cast: on(
    (scope) => scope.any(),
    (x, scope) => {
      const dtype = scope.of(['f32', 'f64', 'i32', 'u32', 'bool'] as const);
      const safe = dtype === 'u32' && x.dtype !== 'bool' && x.dtype !== 'u32' ? `abs(${x.name})` : x.name;
      return {
        text: `${safe}.astype('${dtype}')`,
        bound:
          dtype === 'f32' || dtype === 'f64' ? (isFloat(x.dtype) || x.dtype === 'bool' ? x.bound : 1e10) : undefined,
      };
    },
  ),
};
