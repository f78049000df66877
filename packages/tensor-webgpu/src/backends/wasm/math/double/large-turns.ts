import type { FunctionBuilder, ModuleBuilder } from '../../assembler/index.ts';

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
const FRACTION = (1n << 52n) - 1n;
const HIDDEN = 1n << 52n;

const signed = (word: bigint) => BigInt.asIntN(64, word);

/** The function (i) → word i of the digits, after the zeros. */
function digitWord(module: ModuleBuilder): FunctionBuilder {
  const f = module.func('digitsOfTwoOverPi', ['i32'], ['i64']);
  const words = [0n, ...TWO_OVER_PI];
  const choose = (from: number, to: number): void => {
    if (to - from === 1) {
      f.i64Const(signed(words[from]));
      return;
    }
    const middle = (from + to) >> 1;
    f.localGet(0);
    f.i32Const(middle);
    f.i32LtS();
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
  const part = (operand: number, upper: boolean) => {
    f.localGet(operand);
    if (upper) {
      f.i64Const(32n);
      f.i64ShrU();
    } else {
      f.i64Const(0xffffffffn);
      f.i64And();
    }
  };
  const times = (upperA: boolean, upperB: boolean) => {
    part(0, upperA);
    part(1, upperB);
    f.i64Mul();
  };
  const shifted = (local: number) => {
    f.localGet(local);
    f.i64Const(32n);
    f.i64ShrU();
  };
  const lower = (local: number) => {
    f.localGet(local);
    f.i64Const(0xffffffffn);
    f.i64And();
  };
  const [first, second] = f.locals('i64', 2);
  times(false, false);
  f.i64Const(32n);
  f.i64ShrU();
  times(true, false);
  f.i64Add();
  f.localSet(first);
  times(false, true);
  lower(first);
  f.i64Add();
  f.localSet(second);
  times(true, true);
  shifted(first);
  f.i64Add();
  shifted(second);
  f.i64Add();
  return f;
}

/**
 * Adds the function (x ≥ 2) → (r, rest, q) with x = q·π/2 + r + rest modulo 2π, |r| ≤ π/4, for every double (Payne and
 * Hanek, "Radian reduction for trigonometric functions", 1983). NaN where x is not finite.
 */
export function largeTurns(module: ModuleBuilder): FunctionBuilder {
  const word = digitWord(module);
  const upper = upperProduct(module);
  const f = module.func('largeTurns', ['f64'], ['f64', 'f64', 'i64']);
  const [bits, mantissa, hi, mid, carry, quarter] = f.locals('i64', 6);
  const [skip, index] = f.locals('i32', 2);
  const windows = f.locals('i64', 3);
  f.localGet(0);
  f.i64ReinterpretF64();
  f.localTee(bits);
  f.i64Const(FRACTION);
  f.i64And();
  f.i64Const(HIDDEN);
  f.i64Or();
  f.localSet(mantissa);
  // x = mantissa · 2^(e − 1075): digits of 2/π of weight 4 and more after that shift give whole turns.
  f.localGet(bits);
  f.i64Const(52n);
  f.i64ShrU();
  f.i32WrapI64();
  f.i32Const(1075 + 2 - AHEAD);
  f.i32Sub();
  f.localTee(skip);
  f.i32Const(6);
  f.i32ShrS();
  f.localSet(index);
  windows.forEach((window, i) => {
    const part = (at: number) => {
      f.localGet(index);
      f.i32Const(at);
      f.i32Add();
      f.call(word);
    };
    const distance = () => {
      f.localGet(skip);
      f.i32Const(63);
      f.i32And();
      f.i64ExtendI32U();
    };
    part(i);
    distance();
    f.i64Shl();
    part(i + 1);
    f.i64Const(1n);
    f.i64ShrU();
    f.i64Const(63n);
    distance();
    f.i64Sub();
    f.i64ShrU();
    f.i64Or();
    f.localSet(window);
  });
  const times = (window: number) => {
    f.localGet(mantissa);
    f.localGet(window);
    f.i64Mul();
  };
  const upperTimes = (window: number) => {
    f.localGet(mantissa);
    f.localGet(window);
    f.call(upper);
  };
  // The fraction of turns: hi of weight 2⁻⁶⁴, mid of weight 2⁻¹²⁸.
  upperTimes(windows[2]);
  f.localTee(carry);
  times(windows[1]);
  f.i64Add();
  f.localTee(mid);
  f.localGet(carry);
  f.i64LtU();
  f.i64ExtendI32U();
  upperTimes(windows[1]);
  f.i64Add();
  times(windows[0]);
  f.i64Add();
  f.localTee(hi);
  f.i64Const(1n << 61n);
  f.i64Add();
  f.i64Const(62n);
  f.i64ShrU();
  f.localSet(quarter);
  f.localGet(hi);
  f.localGet(quarter);
  f.i64Const(62n);
  f.i64Shl();
  f.i64Sub();
  f.localSet(hi);
  const [a, b, product, highA, lowA, r, rest] = f.locals('f64', 7);
  // hi + mid·2⁻⁶⁴ = a + b.
  f.localGet(hi);
  f.f64ConvertI64S();
  f.localTee(a);
  f.i64TruncSatF64S();
  f.localSet(carry);
  f.localGet(hi);
  f.localGet(carry);
  f.i64Sub();
  f.f64ConvertI64S();
  f.localGet(mid);
  f.f64ConvertI64U();
  f.f64Const(2 ** -64);
  f.f64Mul();
  f.f64Add();
  f.localSet(b);
  // (a + b)·2π, the product with a without error (Dekker).
  const split = (value: number) => {
    const scaled = value * (2 ** 27 + 1);
    const high = scaled - (scaled - value);
    return [high, value - high] as const;
  };
  const [turnA, turnB] = split(TURN_HIGH);
  f.localGet(a);
  f.f64Const(2 ** 27 + 1);
  f.f64Mul();
  f.localTee(highA);
  f.localGet(highA);
  f.localGet(a);
  f.f64Sub();
  f.f64Sub();
  f.localSet(highA);
  f.localGet(a);
  f.localGet(highA);
  f.f64Sub();
  f.localSet(lowA);
  f.localGet(a);
  f.f64Const(TURN_HIGH);
  f.f64Mul();
  f.localSet(product);
  f.localGet(highA);
  f.f64Const(turnA);
  f.f64Mul();
  f.localGet(product);
  f.f64Sub();
  for (const [part, factor] of [
    [highA, turnB],
    [lowA, turnA],
    [lowA, turnB],
    [a, TURN_LOW],
    [b, TURN_HIGH],
  ]) {
    f.localGet(part);
    f.f64Const(factor);
    f.f64Mul();
    f.f64Add();
  }
  f.localSet(rest);
  f.localGet(product);
  f.localGet(rest);
  f.f64Add();
  f.localSet(r);
  const orNaN = (push: () => void) => {
    push();
    f.f64Const(NaN);
    f.localGet(0);
    f.f64Const(Infinity);
    f.f64Lt();
    f.select();
  };
  orNaN(() => f.localGet(r));
  f.localGet(product);
  f.localGet(r);
  f.f64Sub();
  f.localGet(rest);
  f.f64Add();
  f.localGet(quarter);
  return f;
}
