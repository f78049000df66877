import type { DType } from '../../../dtype/dtype.ts';
import { bytesPerElement } from '../../../dtype/dtype.ts';
import { Constants } from '../math/constants.ts';
import { Doubles } from '../math/lanes.ts';
import type { Numbers } from '../math/scalars.ts';
import type { Operand, Term } from '../math/terms.ts';
import type { RoutineCode } from './code.ts';

/** Matrices that one unit of work computes side by side: two, in the lanes of vectors, where there are several. */
export const lanesFor = (count: number): 1 | 2 => (count === 1 ? 1 : 2);

export const unitsFor = (count: number): number => Math.ceil(count / lanesFor(count));

/**
 * Matrices of a stack in scratch memory, in float64: element by element the number of one matrix, or of two side by side.
 * Conditions are of one or two matrices as well; a formula gives each the bits that it has alone, since nothing is fused.
 */
export class Matrices {
  readonly lanes: 1 | 2;
  /** Bytes of an element. */
  readonly bytes: number;
  readonly real: Numbers | Doubles;
  private readonly code: RoutineCode;
  private readonly count: number;
  private own: Doubles | null = null;

  constructor(code: RoutineCode, count: number) {
    this.code = code;
    this.count = count;
    this.lanes = lanesFor(count);
    this.bytes = 8 * this.lanes;
    if (this.lanes === 2) this.own = new Doubles(code.f, new Constants());
    this.real = this.own ?? code.n;
  }

  release(): void {
    this.own?.release();
  }

  /** Runs `body` for each unit, with the numbers of its matrices. The last unit may have one of them twice. */
  eachUnit(body: (matrices: readonly Term[]) => void): void {
    const { code, lanes, count } = this;
    const { i } = code;
    code.each(code.from, code.to, (unit) => {
      const first = i.keep(i.mul(unit, lanes));
      body(lanes === 1 ? [first] : [first, i.keep(i.least(i.add(first, 1), count - 1))]);
    });
  }

  /** Where matrices of `size` elements begin. */
  addresses(base: Term, matrices: readonly Term[], size: number, dtype: DType): Term[] {
    const { i } = this.code;
    return matrices.map((matrix) => i.keep(i.add(base, i.mul(matrix, size * bytesPerElement(dtype)))));
  }

  /** The address of element `at` from an address of scratch memory on. */
  at(base: Term, at: Operand): Term {
    const { i } = this.code;
    if (at === 0) return base;
    return i.add(base, typeof at === 'number' ? at * this.bytes : i.mul(at, this.bytes));
  }

  get(address: Term, offset = 0): Term {
    const { f } = this.code;
    return () => {
      address();
      if (this.lanes === 1) f.f64Load(offset);
      else f.v128Load(offset, 8);
    };
  }

  set(address: Term, value: Operand): void {
    const { f } = this.code;
    address();
    this.real.push(value);
    if (this.lanes === 1) f.f64Store();
    else f.v128Store(0, 8);
  }

  /** Elements of a stack outside the scratch memory, `at` from where each matrix begins. */
  fetch(addresses: readonly Term[], at: Operand, dtype: DType): Term {
    const { f, i } = this.code;
    const bytes = bytesPerElement(dtype);
    const places = addresses.map((address) => i.add(address, typeof at === 'number' ? at * bytes : i.mul(at, bytes)));
    return () => {
      places[0]();
      if (dtype === 'f64') (this.lanes === 1 ? f.f64Load : f.v128Load64Zero).call(f, 0);
      else (this.lanes === 1 ? f.f32Load : f.v128Load32Zero).call(f, 0);
      if (this.lanes === 1) {
        if (dtype === 'f32') f.f64PromoteF32();
        return;
      }
      const pair = f.local('v128');
      f.localSet(pair);
      places[1]();
      f.localGet(pair);
      if (dtype === 'f64') f.v128Load64Lane(1);
      else {
        f.v128Load32Lane(1);
        f.f64x2PromoteLowF32x4();
      }
      f.release(pair);
    };
  }

  /** Stores elements outside the scratch memory. A matrix that a unit has twice is stored twice. */
  put(addresses: readonly Term[], at: Operand, dtype: DType, value: Operand): void {
    const { f, i } = this.code;
    const bytes = bytesPerElement(dtype);
    const kept = this.real.keep(value);
    addresses.forEach((address, lane) => {
      i.add(address, typeof at === 'number' ? at * bytes : i.mul(at, bytes))();
      kept();
      if (this.lanes === 2) f.f64x2ExtractLane(lane);
      if (dtype === 'f64') f.f64Store();
      else {
        f.f32DemoteF64();
        f.f32Store();
      }
    });
  }

  /** The number of one matrix at an address of scratch memory. */
  one(address: Term, lane: number): Term {
    return () => {
      address();
      this.code.f.f64Load(8 * lane);
    };
  }

  setOne(address: Term, lane: number, value: Operand): void {
    address();
    this.code.n.push(value);
    this.code.f.f64Store(8 * lane);
  }

  /** An i32 that says whether a condition holds of a matrix. */
  any(condition: Term): Term {
    if (this.lanes === 1) return condition;
    return () => {
      condition();
      this.code.f.v128AnyTrue();
    };
  }

  and(a: Term, b: Term): Term {
    return this.own ? this.own.and(a, b) : this.code.i.and(a, b);
  }

  or(a: Term, b: Term): Term {
    return this.own ? this.own.or(a, b) : this.code.i.or(a, b);
  }

  not(a: Term): Term {
    return this.own ? this.own.xor(a, this.own.bits(0xffffffffffffffffn)) : this.code.i.not(a);
  }

  /** A condition that may be set again. */
  condition(): { readonly get: Term; set(term: Operand): void } {
    return this.own ? this.own.variable() : this.code.i.variable();
  }

  /** Moves `size` elements of a stack into scratch memory. */
  pack(addresses: readonly Term[], size: number, dtype: DType, target: Term): void {
    this.code.each(0, size, (k) => this.set(this.at(target, k), this.fetch(addresses, k, dtype)));
  }

  /** Moves `size` elements from scratch memory to a stack. */
  unpack(source: Term, size: number, dtype: DType, addresses: readonly Term[]): void {
    this.code.each(0, size, (k) => this.put(addresses, k, dtype, this.get(this.at(source, k))));
  }
}
