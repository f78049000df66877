import type { FunctionBuilder, ModuleBuilder } from '../../assembler/index.ts';
import { Integers, Numbers } from '../scalars.ts';
import type { Term, Variable } from '../terms.ts';

type Function = (x: Term) => Term;

/** Functions of one number that the module has. */
interface Calls {
  readonly exp: Function;
  readonly digamma: Function;
  readonly cbrt: Function;
}

/** From here on the distribution is so close to normal that its first corrections are enough. */
const LARGE_SHAPE = 1e5;
const MAX_TERMS = 20_000;

/** Runs `body` until the condition that it returns fails, at most `MAX_TERMS` times; it is told the number of the turn, from 1. */
function series(n: Numbers, i: Integers, body: (turn: Term) => Term): void {
  const { f } = n;
  const turn = i.variable();
  turn.set(1);
  f.repeat((again) => {
    const number = n.keep(() => {
      turn.get();
      f.f64ConvertI32S();
    });
    const goesOn = i.keep(body(number));
    turn.set(i.add(turn.get, 1));
    i.and(goesOn, i.lt(turn.get, MAX_TERMS))();
    f.brIf(again);
  });
}

/** `F = x^α e⁻ˣ / Γ(α + 1) · Σ xⁿ / ((α + 1) … (α + n))`, and the sum's derivative term by term. */
function bySeries(n: Numbers, i: Integers, alpha: Term, x: Term, logGap: Term): Term {
  const [term, harmonic, sum, slope] = [n.variable(), n.variable(), n.variable(), n.variable()];
  term.set(1);
  harmonic.set(0);
  sum.set(1);
  slope.set(0);
  series(n, i, (turn) => {
    const next = n.keep(n.add(alpha, turn));
    term.set(n.mul(term.get, n.div(x, next)));
    harmonic.set(n.add(harmonic.get, n.div(1, next)));
    sum.set(n.add(sum.get, term.get));
    slope.set(n.sub(slope.get, n.mul(term.get, harmonic.get)));
    return i.not(n.lt(n.mul(term.get, n.add(harmonic.get, 1)), n.mul(sum.get, 0.1 * Number.EPSILON)));
  });
  return n.neg(n.div(n.add(n.mul(sum.get, logGap), slope.get), alpha));
}

/**
 * `1 − F = x^α e⁻ˣ / Γ(α) · C`, with C the continued fraction `1 / (x + 1 − α − 1 (1 − α) / (x + 3 − α − …))` (Abramowitz and
 * Stegun 6.5.31) by Lentz's method, each quantity with its derivative in α.
 */
function byFraction(n: Numbers, i: Integers, alpha: Term, x: Term, logGap: Term): Term {
  const names = ['b', 'c', 'cSlope', 'd', 'dSlope', 'fraction', 'slope'] as const;
  const at = Object.fromEntries(names.map((name) => [name, n.variable()])) as Record<(typeof names)[number], Variable>;
  const { b, c, cSlope, d, dSlope, fraction, slope } = at;
  b.set(n.sub(n.add(x, 1), alpha));
  // Quotients of neighboring convergents: c from the front, d (inverted) from the back.
  c.set(2 ** 537);
  cSlope.set(0);
  d.set(n.div(1, b.get));
  dSlope.set(n.mul(d.get, d.get));
  fraction.set(d.get);
  slope.set(dSlope.get);
  series(n, i, (turn) => {
    const a = n.keep(n.mul(n.neg(turn), n.sub(turn, alpha)));
    b.set(n.add(b.get, 2));
    const below = n.keep(n.add(n.mul(a, d.get), b.get));
    const belowSlope = n.keep(n.sub(n.add(n.mul(turn, d.get), n.mul(a, dSlope.get)), 1));
    d.set(n.div(1, below));
    dSlope.set(n.mul(n.mul(n.neg(belowSlope), d.get), d.get));
    cSlope.set(n.sub(n.sub(n.div(turn, c.get), n.div(n.mul(a, cSlope.get), n.mul(c.get, c.get))), 1));
    c.set(n.add(b.get, n.div(a, c.get)));
    const factor = n.keep(n.mul(c.get, d.get));
    const factorSlope = n.keep(n.add(n.mul(cSlope.get, d.get), n.mul(c.get, dSlope.get)));
    slope.set(n.add(n.mul(slope.get, factor), n.mul(fraction.get, factorSlope)));
    fraction.set(n.mul(fraction.get, factor));
    const settled = i.and(n.lt(n.abs(n.sub(factor, 1)), Number.EPSILON), n.lt(n.abs(factorSlope), Number.EPSILON));
    return i.not(settled);
  });
  return n.add(n.mul(fraction.get, logGap), slope.get);
}

/** By the cube root that is nearly normal (Wilson and Hilferty 1931), `x = α (1 − 1/9α + z/3√α)³`, at fixed z. */
function nearNormal(n: Numbers, alpha: Term, x: Term, cbrt: Function): Term {
  const root = n.keep(cbrt(n.div(x, alpha)));
  const spread = n.keep(n.sqrt(alpha));
  const small = n.keep(n.div(1, n.mul(alpha, 9)));
  const z = n.keep(n.mul(n.mul(spread, 3), n.add(n.sub(root, 1), small)));
  const slope = n.sub(n.div(small, alpha), n.div(z, n.mul(n.mul(alpha, spread), 6)));
  return n.add(n.div(1, alpha), n.div(n.mul(slope, 3), root));
}

/**
 * Adds the function (α, log x) → d log x/dα at a fixed level of the distribution function of standard gamma numbers
 * (Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients", 2018, eq. 6). NaN where α is not positive.
 */
export function gammaQuantileSlope(module: ModuleBuilder, callsIn: (f: FunctionBuilder) => Calls): FunctionBuilder {
  const f = module.func('gammaQuantileSlope', ['f64', 'f64'], ['f64']);
  const n = new Numbers(f);
  const i = new Integers(f);
  const calls = callsIn(f);
  const [alpha, logX] = [n.local(0), n.local(1)];
  const give = (term: Term): void => {
    term();
    f.return();
  };
  i.not(i.and(n.gt(alpha, 0), n.eq(logX, logX)))();
  f.if(() => give(() => f.f64Const(NaN)));
  const x = n.keep(calls.exp(logX));
  n.gt(alpha, LARGE_SHAPE)();
  f.if(() => give(nearNormal(n, alpha, x, calls.cbrt)));
  const logGap = n.keep(n.sub(logX, calls.digamma(alpha)));
  n.le(x, n.add(alpha, 1))();
  f.if(() => give(bySeries(n, i, alpha, x, n.keep(n.sub(logGap, n.div(1, alpha))))));
  byFraction(n, i, alpha, x, logGap)();
  n.release();
  i.release();
  return f;
}
