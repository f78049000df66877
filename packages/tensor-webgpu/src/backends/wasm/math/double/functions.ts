import type { Params } from '../../../../program/aval.ts';
import type { Callable, FunctionBuilder, ModuleBuilder } from '../../assembler/index.ts';
import { Constants } from '../constants.ts';
import { Doubles, type Term } from '../lanes.ts';
import { shared } from '../shared.ts';
import { erf, erfc, erfInv } from './error-function.ts';
import { exp, expm1, halfExp, sigmoid, softplus } from './exponential.ts';
import { digamma, lgamma, polygamma } from './gamma.ts';
import { gammaQuantileSlope } from './gamma-quantile.ts';
import { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts';
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts';
import { largeTurns } from './large-turns.ts';
import { log, log1p } from './logarithm.ts';
import { cbrt, pow } from './power.ts';
import { remainder } from './remainder.ts';
import { cos, sin, tan } from './trigonometric.ts';

/** What a function is written from: the other functions of its module. */
interface Library {
  /** A function of two doubles, by its name in the table below. */
  readonly of: (name: string) => (...operands: Term[]) => Term;
  readonly module: ModuleBuilder;
}

interface DoubleDefinition {
  readonly operands: number;
  write(d: Doubles, library: Library, operands: readonly Term[], params: Params): Term;
}

const unary = (write: (d: Doubles, x: Term, library: Library, params: Params) => Term): DoubleDefinition => ({
  operands: 1,
  write: (d, library, [x], params) => write(d, x, library, params),
});

const binary = (write: (d: Doubles, x: Term, y: Term, library: Library) => Term): DoubleDefinition => ({
  operands: 2,
  write: (d, library, [x, y]) => write(d, x, y, library),
});

const turns =
  (formula: (d: Doubles, x: Term, large: () => Callable) => Term) =>
  (d: Doubles, x: Term, { module }: Library): Term =>
    formula(d, x, () => largeTurns(module));

/** Every function of two doubles that the backend writes itself, by the name of its primitive. */
const definitions = {
  exp: unary(exp),
  halfExp: unary(halfExp),
  expm1: unary((d, x, { of }) => expm1(d, x, of('exp'))),
  log: unary(log),
  log1p: unary(log1p),
  sigmoid: unary((d, x, { of }) => sigmoid(d, x, of('exp'))),
  softplus: unary((d, x, { of }) => softplus(d, x, of('exp'), of('log1p'))),
  sinh: unary((d, x, { of }) => sinh(d, x, of('expm1'), of('halfExp'))),
  cosh: unary((d, x, { of }) => cosh(d, x, of('halfExp'))),
  tanh: unary((d, x, { of }) => tanh(d, x, of('expm1'))),
  asinh: unary((d, x, { of }) => asinh(d, x, of('log1p'), of('log'))),
  acosh: unary((d, x, { of }) => acosh(d, x, of('log1p'), of('log'))),
  atanh: unary((d, x, { of }) => atanh(d, x, of('log1p'))),
  sin: unary(turns(sin)),
  cos: unary(turns(cos)),
  tan: unary(turns(tan)),
  asin: unary((d, x, { of }) => asin(d, x, of('atan2'))),
  acos: unary((d, x, { of }) => acos(d, x, of('atan2'))),
  atan: unary(atan),
  atan2: binary(atan2),
  erf: unary((d, x, { of }) => erf(d, x, of('exp'))),
  erfc: unary((d, x, { of }) => erfc(d, x, of('exp'))),
  erfInv: unary((d, x, { of }) => erfInv(d, x, of('log'))),
  pow: binary(pow),
  cbrt: unary(cbrt),
  rsqrt: unary((d, x) => d.div(1, d.sqrt(x))),
  sign: unary((d, x) => d.select(d.lt(0, d.abs(x)), d.copySign(1, x), x)),
  rem: binary((d, x, y, { module }) => d.eachLane(remainder(module), x, y)[0]),
  lgamma: unary((d, x, { of }) => lgamma(d, x, of('log'))),
  digamma: unary((d, x, { of }) => digamma(d, x, of('log'))),
  polygamma: unary((d, x, _library, { order }) => polygamma(d, x, order as number)),
  gammaQuantileSlope: binary((d, alpha, logX, { module }) => d.eachLane(gammaQuantileSlopeIn(module), alpha, logX)[0]),
} as const satisfies Record<string, DoubleDefinition>;

export type DoubleName = keyof typeof definitions;

export const isDoubleName = (name: string): name is DoubleName => Object.hasOwn(definitions, name);

/** Functions whose code belongs into the loop that needs it, where their constants are kept; the others are shared. */
const INLINE: ReadonlySet<string> = new Set<DoubleName>([
  'exp',
  'log',
  'log1p',
  'expm1',
  'sigmoid',
  'softplus',
  'tanh',
  'sin',
  'pow',
  'cos',
  'rsqrt',
  'sign',
]);

export const isInlineDouble = (name: DoubleName): boolean => INLINE.has(name);

export const operandsOfDouble = (name: DoubleName): number => definitions[name].operands;

/** Writes a function of two doubles in each local of `operands`; the result is left on the stack. */
export function writeDouble(
  module: ModuleBuilder,
  f: FunctionBuilder,
  constants: Constants,
  name: DoubleName,
  operands: readonly number[],
  params: Params,
): void {
  const d = new Doubles(f, constants);
  const inside = INLINE.has(name);
  const library: Library = {
    of:
      (other) =>
      (...terms) => {
        const definition: DoubleDefinition = definitions[other as DoubleName];
        // What is written into a loop has no calls in it, but for rare cases.
        if (inside && INLINE.has(other)) return d.keep(definition.write(d, library, terms, params));
        return d.keepCall(doubleFunction(module, other as DoubleName), ...terms)[0];
      },
    module,
  };
  const definition: DoubleDefinition = definitions[name];
  const terms = operands.map((local) => d.local(local));
  definition.write(d, library, terms, params)();
  d.release();
}

/** The module's function `name` on vectors of two doubles, one v128 for each operand; added on first use. */
export function doubleFunction(module: ModuleBuilder, name: DoubleName, params: Params = {}): FunctionBuilder {
  return shared(module, `${name} of doubles ${JSON.stringify(params)}`, () => {
    const operands = Array.from({ length: operandsOfDouble(name) }, () => 'v128' as const);
    const f = module.func(`${name}64`, operands, ['v128']);
    writeDouble(
      module,
      f,
      new Constants(),
      name,
      operands.map((_, i) => i),
      params,
    );
    return f;
  });
}

/** Computes a function of numbers on the stack, by that of vectors. */
export function callOnNumbers(
  module: ModuleBuilder,
  f: FunctionBuilder,
  name: DoubleName,
  operands: readonly Term[],
  params: Params = {},
): void {
  for (const operand of operands) {
    operand();
    f.f64x2Splat();
  }
  f.call(doubleFunction(module, name, params));
  f.f64x2ExtractLane(0);
}

const gammaQuantileSlopeIn = (module: ModuleBuilder): FunctionBuilder =>
  shared(module, 'gammaQuantileSlope of numbers', () =>
    gammaQuantileSlope(module, (f) => {
      const call =
        (name: DoubleName) =>
        (x: Term): Term =>
        () =>
          callOnNumbers(module, f, name, [x]);
      return { exp: call('exp'), digamma: call('digamma'), cbrt: call('cbrt') };
    }),
  );
