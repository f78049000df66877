import { type Operand, type Term, Terms } from './terms.ts';

/** One number at a time. */
abstract class Scalars extends Terms {
  /** `a` where the condition holds, else `b`. */
  select = (condition: Term, a: Operand, b: Operand): Term => {
    const chosen = this.of(() => {}, a, b);
    return () => {
      chosen();
      condition();
      this.f.select();
    };
  };
}

/** Numbers of 64 bits. Conditions are of type i32. */
export class Numbers extends Scalars {
  protected readonly type = 'f64';
  protected constant(value: number): void {
    this.f.f64Const(value);
  }

  add = (a: Operand, b: Operand): Term => this.of(this.f.f64Add, a, b);
  sub = (a: Operand, b: Operand): Term => this.of(this.f.f64Sub, a, b);
  mul = (a: Operand, b: Operand): Term => this.of(this.f.f64Mul, a, b);
  div = (a: Operand, b: Operand): Term => this.of(this.f.f64Div, a, b);
  sqrt = (a: Operand): Term => this.of(this.f.f64Sqrt, a);
  neg = (a: Operand): Term => this.of(this.f.f64Neg, a);
  abs = (a: Operand): Term => this.of(this.f.f64Abs, a);
  ceil = (a: Operand): Term => this.of(this.f.f64Ceil, a);
  max = (a: Operand, b: Operand): Term => this.of(this.f.f64Max, a, b);
  min = (a: Operand, b: Operand): Term => this.of(this.f.f64Min, a, b);
  copySign = (a: Operand, b: Operand): Term => this.of(this.f.f64Copysign, a, b);
  eq = (a: Operand, b: Operand): Term => this.of(this.f.f64Eq, a, b);
  ne = (a: Operand, b: Operand): Term => this.of(this.f.f64Ne, a, b);
  lt = (a: Operand, b: Operand): Term => this.of(this.f.f64Lt, a, b);
  le = (a: Operand, b: Operand): Term => this.of(this.f.f64Le, a, b);
  gt = (a: Operand, b: Operand): Term => this.of(this.f.f64Gt, a, b);
  ge = (a: Operand, b: Operand): Term => this.of(this.f.f64Ge, a, b);
}

/** Integers of 32 bits, signed unless a name says otherwise; also conditions. */
export class Integers extends Scalars {
  protected readonly type = 'i32';
  protected constant(value: number): void {
    this.f.i32Const(value);
  }

  add = (a: Operand, b: Operand): Term => this.of(this.f.i32Add, a, b);
  sub = (a: Operand, b: Operand): Term => this.of(this.f.i32Sub, a, b);
  mul = (a: Operand, b: Operand): Term => this.of(this.f.i32Mul, a, b);
  /** The quotient of integers that are not negative. */
  div = (a: Operand, b: Operand): Term => this.of(this.f.i32DivU, a, b);
  /** The smaller of a number and a kept term. */
  least = (a: Term, b: Operand): Term => {
    const kept = this.keep(a);
    return this.select(this.lt(kept, b), kept, b);
  };
  and = (a: Operand, b: Operand): Term => this.of(this.f.i32And, a, b);
  or = (a: Operand, b: Operand): Term => this.of(this.f.i32Or, a, b);
  xor = (a: Operand, b: Operand): Term => this.of(this.f.i32Xor, a, b);
  shiftLeft = (a: Operand, b: Operand): Term => this.of(this.f.i32Shl, a, b);
  shiftRight = (a: Operand, b: Operand): Term => this.of(this.f.i32ShrU, a, b);
  shiftRightSigned = (a: Operand, b: Operand): Term => this.of(this.f.i32ShrS, a, b);
  not = (a: Operand): Term => this.of(this.f.i32Eqz, a);
  eq = (a: Operand, b: Operand): Term => this.of(this.f.i32Eq, a, b);
  ne = (a: Operand, b: Operand): Term => this.of(this.f.i32Ne, a, b);
  lt = (a: Operand, b: Operand): Term => this.of(this.f.i32LtS, a, b);
  le = (a: Operand, b: Operand): Term => this.of(this.f.i32LeS, a, b);
  gt = (a: Operand, b: Operand): Term => this.of(this.f.i32GtS, a, b);
  ge = (a: Operand, b: Operand): Term => this.of(this.f.i32GeS, a, b);
  ltU = (a: Operand, b: Operand): Term => this.of(this.f.i32LtU, a, b);
  load = (address: Operand, offset = 0): Term => this.of(() => this.f.i32Load(offset), address);
  store(address: Operand, value: Operand, offset = 0): void {
    this.push(address);
    this.push(value);
    this.f.i32Store(offset);
  }
}

/** Integers of 64 bits, unsigned; numbers that stand for themselves are whole and below 2⁵³. */
export class Longs extends Scalars {
  protected readonly type = 'i64';
  protected constant(value: number): void {
    this.f.i64Const(BigInt(value));
  }

  load =
    (address: Term, offset = 0): Term =>
    () => {
      address();
      this.f.i64Load(offset);
    };
  store(address: Term, value: Term, offset = 0): void {
    address();
    value();
    this.f.i64Store(offset);
  }
  bits =
    (bits: bigint): Term =>
    () =>
      this.f.i64Const(BigInt.asIntN(64, bits));
  add = (a: Operand, b: Operand): Term => this.of(this.f.i64Add, a, b);
  sub = (a: Operand, b: Operand): Term => this.of(this.f.i64Sub, a, b);
  mul = (a: Operand, b: Operand): Term => this.of(this.f.i64Mul, a, b);
  rem = (a: Operand, b: Operand): Term => this.of(this.f.i64RemU, a, b);
  and = (a: Operand, b: Operand): Term => this.of(this.f.i64And, a, b);
  or = (a: Operand, b: Operand): Term => this.of(this.f.i64Or, a, b);
  shiftLeft = (a: Operand, b: Operand): Term => this.of(this.f.i64Shl, a, b);
  shiftRight = (a: Operand, b: Operand): Term => this.of(this.f.i64ShrU, a, b);
  eq = (a: Operand, b: Operand): Term => this.of(this.f.i64Eq, a, b);
  lt = (a: Operand, b: Operand): Term => this.of(this.f.i64LtU, a, b);
}
