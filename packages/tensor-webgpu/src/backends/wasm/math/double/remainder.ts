import type { FunctionBuilder, ModuleBuilder } from '../../assembler/index.ts';
import { Integers, Longs, Numbers } from '../scalars.ts';
import { shared } from '../shared.ts';
import type { Term } from '../terms.ts';

const FRACTION = 2 ** 52 - 1;
const HIDDEN = 2 ** 52;
/** Bits of a quotient that one division of 64-bit integers gives for divisors of 53 bits. */
const BITS_A_TURN = 11;

/** |x| = mantissa · 2^(exponent − 1075); denormals have the exponent of the smallest normals. */
function parts(l: Longs, size: Term): { mantissa: Term; exponent: Term } {
  const { f } = l;
  const bits = l.keep(() => {
    size();
    f.i64ReinterpretF64();
  });
  const exponent = l.keep(l.shiftRight(bits, 52));
  const denormal = l.eq(exponent, 0);
  return {
    mantissa: l.keep(l.select(denormal, bits, l.or(l.and(bits, FRACTION), HIDDEN))),
    exponent: l.keep(l.select(denormal, 1, exponent)),
  };
}

/**
 * The function (x, y) → the remainder of x/y towards zero, exact as C's fmod, by divisions of integers; added on first use.
 */
export const remainder = (module: ModuleBuilder): FunctionBuilder =>
  shared(module, 'remainder', () => {
    const f = module.func('remainder', ['f64', 'f64'], ['f64']);
    const n = new Numbers(f);
    const l = new Longs(f);
    const i = new Integers(f);
    const [x, y] = [n.local(0), n.local(1)];
    const [sizeX, sizeY] = [n.keep(n.abs(x)), n.keep(n.abs(y))];
    const divided = i.and(i.and(n.lt(sizeX, Infinity), n.lt(0, sizeY)), n.eq(y, y));
    i.not(divided)();
    f.if(() => {
      f.f64Const(NaN);
      f.return();
    });
    n.lt(sizeX, sizeY)();
    f.if(() => {
      x();
      f.return();
    });
    const dividend = parts(l, sizeX);
    const divisor = parts(l, sizeY);
    const rest = l.variable();
    const above = l.variable();
    rest.set(l.rem(dividend.mantissa, divisor.mantissa));
    above.set(l.sub(dividend.exponent, divisor.exponent));
    f.block((done) => {
      f.repeat((again) => {
        l.eq(above.get, 0)();
        f.brIf(done);
        const bits = l.keep(l.select(l.lt(above.get, BITS_A_TURN), above.get, BITS_A_TURN));
        rest.set(l.rem(l.shiftLeft(rest.get, bits), divisor.mantissa));
        above.set(l.sub(above.get, bits));
        f.br(again);
      });
    });
    // Times 2^(exponent − 1075), a denormal number itself for the smallest exponents.
    const normal = l.shiftLeft(l.sub(divisor.exponent, 52), 52);
    const denormal = l.shiftLeft(1, l.sub(divisor.exponent, 1));
    rest.get();
    f.f64ConvertI64U();
    l.select(l.lt(52, divisor.exponent), normal, denormal)();
    f.f64ReinterpretI64();
    f.f64Mul();
    x();
    f.f64Copysign();
    for (const values of [n, l, i]) values.release();
    return f;
  });
