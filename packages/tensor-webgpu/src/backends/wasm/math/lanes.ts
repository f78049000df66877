import type { Callable, FunctionBuilder } from '../assembler/index.ts';
import type { Constants } from './constants.ts';
import { type Operand, type Term, Terms } from './terms.ts';

export type { Operand, Term } from './terms.ts';

/** From this many coefficients on, two shorter chains are faster than one. */
const LONG_POLYNOMIAL = 8;

/**
 * Arithmetic on vectors of one lane type as expressions, so that formulas read as formulas.
 *
 * Masks are lanes of all ones or all zeros.
 */
export abstract class Lanes extends Terms {
  protected readonly type = 'v128';
  readonly constants: Constants;
  protected abstract readonly float: 'f32x4' | 'f64x2';
  protected abstract readonly int: 'i32x4' | 'i64x2';
  /** Bytes of a vector whose lanes all hold this number. */
  protected abstract bytes(value: number): Uint8Array;
  /** Bytes of a vector whose lanes all hold these bits, given as an integer. */
  protected abstract bitBytes(bits: bigint): Uint8Array;

  constructor(f: FunctionBuilder, constants: Constants) {
    super(f);
    this.constants = constants;
  }

  protected constant(value: number): void {
    this.constants.push(this.f, this.bytes(value));
  }

  add = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Add`], a, b);
  sub = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Sub`], a, b);
  mul = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Mul`], a, b);
  div = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Div`], a, b);
  sqrt = (a: Operand): Term => this.of(this.f[`${this.float}Sqrt`], a);
  neg = (a: Operand): Term => this.of(this.f[`${this.float}Neg`], a);
  abs = (a: Operand): Term => this.of(this.f[`${this.float}Abs`], a);
  floor = (a: Operand): Term => this.of(this.f[`${this.float}Floor`], a);
  ceil = (a: Operand): Term => this.of(this.f[`${this.float}Ceil`], a);
  trunc = (a: Operand): Term => this.of(this.f[`${this.float}Trunc`], a);
  /** The nearest integer, the even one of two. */
  nearest = (a: Operand): Term => this.of(this.f[`${this.float}Nearest`], a);
  /** `a · b + c`, rounded once where the module allows. */
  madd = (a: Operand, b: Operand, c: Operand): Term => this.of(this.f[`${this.float}RelaxedMadd`], a, b, c);
  /** `c − a · b`, rounded once where the module allows. */
  nmadd = (a: Operand, b: Operand, c: Operand): Term => this.of(this.f[`${this.float}RelaxedNmadd`], a, b, c);
  /** The larger and the smaller one; NaN if one is. */
  max = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Max`], a, b);
  min = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Min`], a, b);
  /** `bound` where `a > bound`, else `a`: NaN stays. */
  atMost = (a: Operand, bound: Operand): Term => this.of(this.f[`${this.float}Pmin`], a, bound);
  /** `bound` where `a < bound`, else `a`: NaN stays. */
  atLeast = (a: Operand, bound: Operand): Term => this.of(this.f[`${this.float}Pmax`], a, bound);

  eq = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Eq`], a, b);
  ne = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Ne`], a, b);
  lt = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Lt`], a, b);
  ge = (a: Operand, b: Operand): Term => this.of(this.f[`${this.float}Ge`], a, b);

  and = (a: Operand, b: Operand): Term => this.of(this.f.v128And, a, b);
  or = (a: Operand, b: Operand): Term => this.of(this.f.v128Or, a, b);
  xor = (a: Operand, b: Operand): Term => this.of(this.f.v128Xor, a, b);
  /** The bits of `a` that are not set in `b`. */
  andNot = (a: Operand, b: Operand): Term => this.of(this.f.v128Andnot, a, b);
  /** `a` where the mask is set, else `b`. */
  select = (mask: Term, a: Operand, b: Operand): Term => this.of(this.f[`${this.int}RelaxedLaneselect`], a, b, mask);

  /** Lanes with these bits. */
  bits = (bits: number | bigint): Term => {
    const bytes = this.bitBytes(BigInt(bits));
    return () => this.constants.push(this.f, bytes);
  };
  intAdd = (a: Term, b: Term): Term => this.of(this.f[`${this.int}Add`], a, b);
  intSub = (a: Term, b: Term): Term => this.of(this.f[`${this.int}Sub`], a, b);
  intNeg = (a: Term): Term => this.of(this.f[`${this.int}Neg`], a);
  intMul = (a: Term, b: Term): Term => this.of(this.f[`${this.int}Mul`], a, b);
  intEq = (a: Term, b: Term): Term => this.of(this.f[`${this.int}Eq`], a, b);
  shiftLeft = (a: Term, distance: number): Term => this.shift(this.f[`${this.int}Shl`], a, distance);
  shiftRight = (a: Term, distance: number): Term => this.shift(this.f[`${this.int}ShrU`], a, distance);
  shiftRightSigned = (a: Term, distance: number): Term => this.shift(this.f[`${this.int}ShrS`], a, distance);

  private shift(instruction: () => void, a: Term, distance: number): Term {
    return () => {
      a();
      this.f.i32Const(distance);
      instruction.call(this.f);
    };
  }

  /** The magnitude of `a` with the sign of `b`. */
  copySign = (a: Operand, b: Operand): Term => this.or(this.abs(a), this.and(b, -0));

  /** Runs `body` when a lane of the mask is set. */
  whenAny(mask: Term, body: () => void): void {
    mask();
    this.f.v128AnyTrue();
    this.f.if(body);
  }

  /**
   * `Σ coefficients[i] · xⁱ` by Horner's rule, for a kept term `x`. Even and odd powers of a long polynomial are summed side
   * by side, so that an instruction waits for half as many others.
   */
  polynomial(x: Term, coefficients: readonly number[]): Term {
    if (coefficients.length < LONG_POLYNOMIAL) return this.horner(x, coefficients);
    const square = this.keep(this.mul(x, x));
    const odd = this.keep(
      this.horner(
        square,
        coefficients.filter((_, i) => i % 2 === 1),
      ),
    );
    const even = this.horner(
      square,
      coefficients.filter((_, i) => i % 2 === 0),
    );
    return this.madd(odd, x, even);
  }

  private horner(x: Term, coefficients: readonly number[]): Term {
    const leading = coefficients.at(-1) ?? 0;
    const sum = coefficients.slice(0, -1).reduceRight<Operand>((rest, c) => this.madd(rest, x, c), leading);
    return () => this.push(sum);
  }
}

/** Vectors of four floats. `joined` are those that the engine makes one of two of. */
export class Floats extends Lanes {
  private readonly joined: boolean;
  protected readonly float = 'f32x4';
  protected readonly int = 'i32x4';
  protected bytes = (value: number) => new Uint8Array(new Float32Array(4).fill(value).buffer);
  protected bitBytes = (bits: bigint) =>
    new Uint8Array(new BigUint64Array(2).fill((bits & 0xffffffffn) * 0x100000001n).buffer);

  constructor(f: FunctionBuilder, constants: Constants, joined = false) {
    super(f, constants);
    this.joined = joined;
  }

  /** Whether the bits of `a`, as an integer without sign, are those of `b` or more. */
  bitsFrom = (a: Term, b: Term): Term => this.of(this.f.i32x4GeU, a, b);

  /**
   * What `short` gives, which is right where no lane of the mask is set, or else what `whole` gives. Joined vectors come apart
   * at a branch, so that for them it is always the whole.
   */
  unlessAny(mask: Term, short: () => Term, whole: () => Term): Term {
    if (this.joined) return whole();
    const result = this.variable();
    result.set(short());
    this.whenAny(mask, () => result.set(whole()));
    return result.get;
  }
}

/** Vectors of two doubles. */
export class Doubles extends Lanes {
  protected readonly float = 'f64x2';
  protected readonly int = 'i64x2';
  protected bytes = (value: number) => new Uint8Array(new Float64Array(2).fill(value).buffer);
  protected bitBytes = (bits: bigint) => new Uint8Array(new BigUint64Array(2).fill(bits).buffer);

  /** Runs `body` at least once, and again as long as a lane of the mask that it returns is set. */
  whileAny(body: () => Term): void {
    this.f.repeat((again) => {
      body()();
      this.f.v128AnyTrue();
      this.f.brIf(again);
    });
  }

  /** Calls a function on one f64 of each operand for either lane: vectors of its results, which may be f64 or i64. */
  eachLane(callee: Callable, ...operands: Term[]): Term[] {
    const { results } = callee.signature;
    const vectors = results.map(() => this.variable());
    const scalars = results.map((type) => this.f.local(type));
    for (const lane of [0, 1]) {
      for (const operand of operands) {
        operand();
        this.f.f64x2ExtractLane(lane);
      }
      this.f.call(callee);
      for (const scalar of scalars.toReversed()) this.f.localSet(scalar);
      results.forEach((type, i) => {
        vectors[i].set(() => {
          this.f.localGet(vectors[i].index);
          this.f.localGet(scalars[i]);
          if (type === 'f64') this.f.f64x2ReplaceLane(lane);
          else this.f.i64x2ReplaceLane(lane);
        });
      });
    }
    this.f.release(...scalars);
    return vectors.map(({ get }) => get);
  }
}
