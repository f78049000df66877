import * as activations from '../activations.ts';
import * as arithmetic from '../arithmetic.ts';
import * as order from '../comparison.ts';
import * as exponential from '../exponential.ts';
import * as logical from '../logical.ts';
import * as signs from '../signs.ts';
import * as special from '../special.ts';
import * as trigonometric from '../trigonometric.ts';
import { binaryEntries, example, NUMBERS, type OpEntry, ulps, unaryEntry, VECTOR } from './entry.ts';

const ANY: readonly [number, number] = [-3, 3];
const POSITIVE: readonly [number, number] = [0.2, 4];
const UNIT: readonly [number, number] = [-0.9, 0.9];
const NONZERO = { avoid: [0] };

export const arithmeticEntries: readonly OpEntry[] = [
  ...binaryEntries('add', 'x + y', arithmetic.add, [ANY, ANY], 1, { dtypes: NUMBERS }),
  ...binaryEntries('sub', 'x - y', arithmetic.sub, [ANY, ANY], 1, { dtypes: NUMBERS }),
  ...binaryEntries('mul', 'x y', arithmetic.mul, [ANY, ANY], 1, { dtypes: NUMBERS }),
  ...binaryEntries('div', 'x / y', arithmetic.div, [ANY, POSITIVE], 1),
  ...binaryEntries('floorDivide', 'floor(x / y)', arithmetic.floorDivide, [[-9, 9], POSITIVE], 1, {
    dtypes: NUMBERS,
    order: 0,
  }),
  ...binaryEntries(
    'mod',
    'x - y floor(x / y)',
    arithmetic.mod,
    [
      [-9, 9],
      [1.1, 4],
    ],
    4,
    { dtypes: NUMBERS, scale: 4, order: 0 },
  ),
  ...binaryEntries(
    'fmod',
    'x - y trunc(x / y)',
    arithmetic.fmod,
    [
      [-9, 9],
      [1.1, 4],
    ],
    4,
    { dtypes: NUMBERS, scale: 4, order: 0 },
  ),
  ...binaryEntries('pow', 'x^y', arithmetic.pow, [POSITIVE, ANY], 16),
  unaryEntry('pow, literal exponent', 'x³', (x) => arithmetic.pow(x, 3), ANY, 4),
  ...binaryEntries('maximum', 'max(x, y)', arithmetic.maximum, [ANY, ANY], 0, { dtypes: NUMBERS }),
  ...binaryEntries('minimum', 'min(x, y)', arithmetic.minimum, [ANY, ANY], 0, { dtypes: NUMBERS }),
  unaryEntry('neg', '-x', arithmetic.neg, ANY, 0, { dtypes: NUMBERS }),
  unaryEntry('abs', '|x|', arithmetic.abs, ANY, 0, { dtypes: NUMBERS, ...NONZERO }),
  unaryEntry('sign', 'x / |x|', arithmetic.sign, ANY, 0, { dtypes: NUMBERS, ...NONZERO }),
  ...binaryEntries('copysign', '|x| with the sign of y', signs.copysign, [ANY, ANY], 0, NONZERO),
  ...binaryEntries('heaviside', '0, y or 1 by the sign of x', signs.heaviside, [ANY, ANY], 0, NONZERO),
  ...binaryEntries('fmax', 'max(x, y) of numbers', signs.fmax, [ANY, ANY], 0, { dtypes: NUMBERS }),
  ...binaryEntries('fmin', 'min(x, y) of numbers', signs.fmin, [ANY, ANY], 0, { dtypes: NUMBERS }),
  unaryEntry('square', 'x²', arithmetic.square, ANY, 1, { dtypes: NUMBERS }),
  unaryEntry('reciprocal', '1 / x', arithmetic.reciprocal, POSITIVE, 1),
  unaryEntry('floor', '⌊x⌋', arithmetic.floor, ANY, 0, { order: 0 }),
  unaryEntry('ceil', '⌈x⌉', arithmetic.ceil, ANY, 0, { order: 0 }),
  unaryEntry('trunc', 'x without its fraction', arithmetic.trunc, ANY, 0, { order: 0 }),
  unaryEntry('round', 'nearest integer', arithmetic.round, ANY, 0, { order: 0 }),
  unaryEntry('clip', 'min(max(x, -1), 2)', (x) => arithmetic.clip(x, -1, 2), ANY, 0, { avoid: [-1, 2] }),
  unaryEntry('nanToNum', 'x where finite', (x) => arithmetic.nanToNum(x), ANY, 0),
];

export const transcendentalEntries: readonly OpEntry[] = [
  unaryEntry('exp', 'eˣ', exponential.exp, [-5, 5], 4),
  unaryEntry('exp2', '2ˣ', exponential.exp2, [-5, 5], 8),
  unaryEntry('expm1', 'eˣ - 1', exponential.expm1, ANY, 4),
  unaryEntry('log', 'log x', exponential.log, POSITIVE, 4, { scale: 0.1 }),
  unaryEntry('log1p', 'log(1 + x)', exponential.log1p, [-0.7, 3], 4),
  unaryEntry('log2', 'log x / log 2', exponential.log2, POSITIVE, 8, { scale: 0.1 }),
  unaryEntry('log10', 'log x / log 10', exponential.log10, POSITIVE, 8, { scale: 0.1 }),
  unaryEntry('sqrt', '√x', exponential.sqrt, POSITIVE, 1),
  unaryEntry('rsqrt', '1/√x', exponential.rsqrt, POSITIVE, 4),
  unaryEntry('cbrt', '∛x', exponential.cbrt, ANY, 4, NONZERO),
  ...binaryEntries('logaddexp', 'log(eˣ + eʸ)', exponential.logaddexp, [ANY, ANY], 8, { scale: 1 }),
  ...binaryEntries('logaddexp2', 'log(2ˣ + 2ʸ) / log 2', exponential.logaddexp2, [ANY, ANY], 8, { scale: 1 }),
  ...binaryEntries('hypot', '√(x² + y²)', exponential.hypot, [ANY, ANY], 4),
  unaryEntry('sin', 'sin x', trigonometric.sin, [-6, 6], 4, { scale: 0.1 }),
  unaryEntry('cos', 'cos x', trigonometric.cos, [-6, 6], 4, { scale: 0.1 }),
  unaryEntry('tan', 'tan x', trigonometric.tan, [-1.3, 1.3], 6),
  unaryEntry('asin', 'arcsin x', trigonometric.asin, UNIT, 6),
  unaryEntry('acos', 'arccos x', trigonometric.acos, UNIT, 6, { scale: 0.5 }),
  unaryEntry('atan', 'arctan x', trigonometric.atan, ANY, 6),
  ...binaryEntries('atan2', 'angle of (x, y)', trigonometric.atan2, [ANY, POSITIVE], 6),
  unaryEntry('sinh', '(eˣ - e⁻ˣ) / 2', trigonometric.sinh, ANY, 6),
  unaryEntry('cosh', '(eˣ + e⁻ˣ) / 2', trigonometric.cosh, ANY, 6),
  unaryEntry('tanh', '(eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)', trigonometric.tanh, ANY, 6),
  unaryEntry('asinh', 'inverse of sinh', trigonometric.asinh, ANY, 6),
  unaryEntry('acosh', 'inverse of cosh', trigonometric.acosh, [1.3, 4], 6),
  unaryEntry('atanh', 'inverse of tanh', trigonometric.atanh, UNIT, 6),
  unaryEntry('sinc', 'sin(πx) / πx', trigonometric.sinc, ANY, 12, { scale: 1 }),
  unaryEntry('sinc near 0', 'sin(πx) / πx', trigonometric.sinc, [-0.06, 0.06], 4),
  unaryEntry('degrees', '180 x / π', trigonometric.degrees, ANY, 2),
  unaryEntry('radians', 'π x / 180', trigonometric.radians, ANY, 2),
  unaryEntry('erf', '2/√π ∫ exp(-t²)', special.erf, ANY, 6),
  unaryEntry('erfc', '1 - erf x', special.erfc, ANY, 16),
  unaryEntry('erfInv', 'inverse of erf', special.erfInv, UNIT, 8),
  unaryEntry('lgamma', 'log Γ(x)', special.lgamma, [0.3, 6], 16, { scale: 1 }),
  unaryEntry('digamma', 'd/dx log Γ(x)', special.digamma, [0.3, 6], 16, { scale: 1 }),
  unaryEntry('polygamma', 'ψ⁽²⁾(x)', (x) => special.polygamma(2, x), [0.5, 6], 16, { scale: 1 }),
  unaryEntry('normalCdf', 'Φ(x)', special.normalCdf, ANY, 24),
];

export const activationEntries: readonly OpEntry[] = [
  unaryEntry('relu', 'max(x, 0)', activations.relu, ANY, 0, NONZERO),
  unaryEntry('leakyRelu', 'x or slope x', (x) => activations.leakyRelu(x, 0.1), ANY, 1, NONZERO),
  unaryEntry('elu', 'x or eˣ - 1', (x) => activations.elu(x), ANY, 4, NONZERO),
  unaryEntry('gelu', 'x Φ(x)', (x) => activations.gelu(x), ANY, 24),
  unaryEntry('gelu, tanh', 'x/2 (1 + tanh …)', (x) => activations.gelu(x, { approximate: 'tanh' }), ANY, 12, {
    scale: 1,
  }),
  unaryEntry('sigmoid', '1 / (1 + e⁻ˣ)', activations.sigmoid, [-8, 8], 6),
  unaryEntry('logSigmoid', 'log sigmoid x', activations.logSigmoid, [-8, 8], 6),
  unaryEntry('silu', 'x sigmoid(x)', activations.silu, [-8, 8], 8),
  unaryEntry('softplus', 'log(1 + eˣ)', (x) => activations.softplus(x), [-8, 8], 6),
  unaryEntry('softplus, beta 100', 'log(1 + e^(100 x)) / 100', (x) => activations.softplus(x, 100), [-0.2, 0.2], 16),
  unaryEntry('selu', 'scale elu(x, alpha)', activations.selu, ANY, 6, NONZERO),
  unaryEntry('mish', 'x tanh(softplus x)', activations.mish, ANY, 12),
  unaryEntry('logit', 'log(x / (1 - x))', activations.logit, [0.05, 0.95], 12, { scale: 1 }),
  unaryEntry('softsign', 'x / (1 + |x|)', activations.softsign, ANY, 2, NONZERO),
  {
    name: 'softmax',
    formula: 'eˣ / Σ eˣ',
    apply: (x) => activations.softmax(x),
    examples: [example([3, 5], ANY)],
    ulp: ulps(12),
  },
  {
    name: 'softmax, axis 0',
    formula: 'eˣ / Σ eˣ',
    apply: (x) => activations.softmax(x, { axis: 0 }),
    examples: [example([4, 3], ANY)],
    ulp: ulps(12),
  },
  {
    name: 'logSoftmax',
    formula: 'x - log Σ eˣ',
    apply: (x) => activations.logSoftmax(x),
    examples: [example([3, 5], ANY)],
    ulp: ulps(8),
    scale: 1,
  },
];

const comparison = (name: string, apply: typeof order.equal): OpEntry[] =>
  binaryEntries(name, name, apply, [ANY, ANY], 0, { dtypes: NUMBERS, order: 0 });

const bitwise = (name: string, apply: typeof logical.bitwiseAnd): OpEntry[] =>
  binaryEntries(
    name,
    name,
    apply,
    [
      [-9, 9],
      [-9, 9],
    ],
    0,
    { dtypes: ['i32', 'u32'], order: 0 },
  );

export const logicalEntries: readonly OpEntry[] = [
  ...comparison('equal', order.equal),
  ...comparison('notEqual', order.notEqual),
  ...comparison('less', order.less),
  ...comparison('lessEqual', order.lessEqual),
  ...comparison('greater', order.greater),
  ...comparison('greaterEqual', order.greaterEqual),
  ...comparison('logicalAnd', logical.logicalAnd),
  ...comparison('logicalOr', logical.logicalOr),
  ...comparison('logicalXor', logical.logicalXor),
  unaryEntry('logicalNot', 'x = 0', logical.logicalNot, [-1, 1], 0, { dtypes: NUMBERS, order: 0 }),
  ...bitwise('bitwiseAnd', logical.bitwiseAnd),
  ...bitwise('bitwiseOr', logical.bitwiseOr),
  ...bitwise('bitwiseXor', logical.bitwiseXor),
  unaryEntry('bitwiseNot', '~x', logical.bitwiseNot, [-9, 9], 0, { dtypes: ['i32', 'u32'], order: 0 }),
  ...binaryEntries(
    'leftShift',
    'x · 2ʸ',
    logical.leftShift,
    [
      [-9, 9],
      [0, 8],
    ],
    0,
    { dtypes: ['i32', 'u32'], order: 0 },
  ),
  ...binaryEntries(
    'rightShift',
    '⌊x / 2ʸ⌋',
    logical.rightShift,
    [
      [-90, 90],
      [0, 8],
    ],
    0,
    { dtypes: ['i32', 'u32'], order: 0 },
  ),
  unaryEntry('signbit', 'x < 0 or x = -0', signs.signbit, ANY, 0, { dtypes: NUMBERS, order: 0 }),
  unaryEntry('isNaN', 'x ≠ x', exponential.isNaN, ANY, 0, { order: 0 }),
  unaryEntry('isFinite', '|x| < ∞', exponential.isFinite, ANY, 0, { order: 0 }),
  unaryEntry('isInf', '|x| = ∞', exponential.isInf, ANY, 0, { order: 0 }),
  {
    name: 'where',
    formula: 'c ? x : y',
    apply: logical.where,
    examples: [{ shape: [4, 1], range: [0, 2], dtype: 'bool' }, example([3]), example([4, 3])],
    ulp: ulps(0),
  },
  {
    name: 'isClose',
    formula: '|x - y| small',
    apply: (x, y) => logical.isClose(x, y),
    examples: [example(VECTOR), example(VECTOR)],
    ulp: ulps(0),
    order: 0,
  },
];
