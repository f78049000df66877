import type { FunctionBuilder, ModuleBuilder } from '../../assembler/index.ts';
import { Integers, Longs, Numbers } from '../scalars.ts';
import { shared } from '../shared.ts';
import type { Term } from '../terms.ts';

/** The first 1280 binary digits of 2/π after the point. */
const TWO_OVER_PI = [
  0xa2f9836e4e441529n,
  0xfc2757d1f534ddc0n,
  0xdb6295993c439041n,
  0xfe5163abdebbc561n,
  0xb7246e3a424dd2e0n,
  0x6492eea09d1921cn,
  0xfe1deb1cb129a73en,
  0xe88235f52ebb4484n,
  0xe99c7026b45f7e41n,
  0x3991d639835339f4n,
  0x9c845f8bbdf9283bn,
  0x1ff897ffde05980fn,
  0xef2f118b5a0a6d1fn,
  0x6d367ecf27cb09b7n,
  0x4f463f669e5fea2dn,
  0x7527bac7ebe5f17bn,
  0x3d0739f78a5292ean,
  0x6bfb5fb11f8d5d08n,
  0x56033046fc7b6babn,
  0xf0cfbc209af4361dn,
] as const;
/** Zeros ahead of the digits, as 2/π is below 1 and arguments may be below 2⁵². */
const AHEAD = 64;
/** 2π·2⁻⁶⁴ in two parts. */
const TURN_HIGH = (2 * Math.PI) / 2 ** 64;
const TURN_LOW = (2 * 1.2246467991473532e-16) / 2 ** 64;
/** Dekker's factor: a product with it splits a double into two parts of 26 bits. */
const SPLITTER = 2 ** 27 + 1;
const FRACTION = 2 ** 52 - 1;
const HIDDEN = 2 ** 52;

/** The function (i) → word i of the digits, after the zeros. */
function digitWord(module: ModuleBuilder): FunctionBuilder {
  const f = module.func('digitsOfTwoOverPi', ['i32'], ['i64']);
  const i = new Integers(f);
  const words = [0n, ...TWO_OVER_PI];
  const choose = (from: number, to: number): void => {
    if (to - from === 1) {
      f.i64Const(BigInt.asIntN(64, words[from]));
      return;
    }
    const middle = (from + to) >> 1;
    i.lt(i.local(0), middle)();
    f.if(
      () => choose(from, middle),
      () => choose(middle, to),
      'i64',
    );
  };
  choose(0, words.length);
  return f;
}

/** The function (a, b) → the upper 64 bits of their product, for a below 2⁶³. */
function upperProduct(module: ModuleBuilder): FunctionBuilder {
  const f = module.func('upperProduct', ['i64', 'i64'], ['i64']);
  const l = new Longs(f);
  const low = (x: Term): Term => l.and(x, 2 ** 32 - 1);
  const high = (x: Term): Term => l.shiftRight(x, 32);
  const [a, b] = [l.local(0), l.local(1)];
  const first = l.keep(l.add(high(l.mul(low(a), low(b))), l.mul(high(a), low(b))));
  const second = l.keep(l.add(l.mul(low(a), high(b)), low(first)));
  l.add(l.add(l.mul(high(a), high(b)), high(first)), high(second))();
  return f;
}

/**
 * The function (x ≥ 2) → (r, rest, q) with x = q·π/2 + r + rest modulo 2π, |r| ≤ π/4, for every double (Payne and
 * Hanek, "Radian reduction for trigonometric functions", 1983); added on first use. NaN where x is not finite.
 */
export const largeTurns = (module: ModuleBuilder): FunctionBuilder =>
  shared(module, 'largeTurns', () => {
    const word = digitWord(module);
    const upper = upperProduct(module);
    const f = module.func('largeTurns', ['f64'], ['f64', 'f64', 'i64']);
    const [i, l, n] = [new Integers(f), new Longs(f), new Numbers(f)];
    const x = n.local(0);
    const bits = l.keep(then(x, f.i64ReinterpretF64, f));
    const mantissa = l.keep(l.or(l.and(bits, FRACTION), HIDDEN));
    // x = mantissa · 2^(e − 1075): digits of 2/π of weight 4 and more after that shift give whole turns.
    const skip = i.keep(i.sub(then(l.shiftRight(bits, 52), f.i32WrapI64, f), 1075 + 2 - AHEAD));
    const index = i.keep(i.shiftRightSigned(skip, 6));
    const distance = l.keep(then(i.and(skip, 63), f.i64ExtendI32U, f));
    const wordAt = (k: number): Term => l.keepCall(word, i.add(index, k))[0];
    const windows = [0, 1, 2].map((k) => {
      const [left, right] = [wordAt(k), wordAt(k + 1)];
      // The shift right is in two steps, as one of 64 places would be none.
      const later = l.shiftRight(l.shiftRight(right, 1), l.sub(63, distance));
      return l.keep(l.or(l.shiftLeft(left, distance), later));
    });
    const upperTimes = (window: Term): Term => l.keepCall(upper, mantissa, window)[0];
    // The fraction of turns: whole of weight 2⁻⁶⁴, mid of weight 2⁻¹²⁸.
    const carry = upperTimes(windows[2]);
    const mid = l.keep(l.add(carry, l.mul(mantissa, windows[1])));
    const carried = l.add(then(l.lt(mid, carry), f.i64ExtendI32U, f), upperTimes(windows[1]));
    const whole = l.keep(l.add(carried, l.mul(mantissa, windows[0])));
    const quarter = l.keep(l.shiftRight(l.add(whole, 2 ** 61), 62));
    const rest = l.keep(l.sub(whole, l.shiftLeft(quarter, 62)));
    // rest + mid·2⁻⁶⁴ = a + b.
    const a = n.keep(then(rest, f.f64ConvertI64S, f));
    const beyond = then(l.sub(rest, then(a, f.i64TruncSatF64S, f)), f.f64ConvertI64S, f);
    const b = n.keep(n.add(beyond, n.mul(then(mid, f.f64ConvertI64U, f), 2 ** -64)));
    // (a + b)·2π, the product with a without error (Dekker).
    const scaled = n.keep(n.mul(a, SPLITTER));
    const highA = n.keep(n.sub(scaled, n.sub(scaled, a)));
    const lowA = n.keep(n.sub(a, highA));
    const highTurn = SPLITTER * TURN_HIGH - (SPLITTER * TURN_HIGH - TURN_HIGH);
    const lowTurn = TURN_HIGH - highTurn;
    const product = n.keep(n.mul(a, TURN_HIGH));
    const products = [
      n.mul(highA, lowTurn),
      n.mul(lowA, highTurn),
      n.mul(lowA, lowTurn),
      n.mul(a, TURN_LOW),
      n.mul(b, TURN_HIGH),
    ];
    const small = n.keep(products.reduce((sum, term) => n.add(sum, term), n.sub(n.mul(highA, highTurn), product)));
    const r = n.keep(n.add(product, small));
    n.select(n.lt(x, Infinity), r, NaN)();
    n.add(n.sub(product, r), small)();
    quarter();
    return f;
  });

/** A term with an instruction after it. */
const then =
  (term: Term, instruction: () => void, f: FunctionBuilder): Term =>
  () => {
    term();
    instruction.call(f);
  };
