import { bytesPerElement, type DType } from '../../../dtype/dtype.ts';
import type { Operand, Term } from '../math/terms.ts';
import type { RoutineCode } from './code.ts';

/** float64 numbers in scratch memory. */
export class Vector {
  private readonly code: RoutineCode;
  private readonly base: Term;

  constructor(code: RoutineCode, base: Term) {
    this.code = code;
    this.base = code.i.keep(base);
  }

  at(k: Operand): Term {
    const { i } = this.code;
    return typeof k === 'number' ? i.add(this.base, 8 * k) : i.add(this.base, i.shiftLeft(k, 3));
  }

  get(k: Operand): Term {
    const place = this.at(k);
    return () => {
      place();
      this.code.f.f64Load();
    };
  }

  set(k: Operand, value: Operand): void {
    this.at(k)();
    this.code.n.push(value);
    this.code.f.f64Store();
  }
}

/** Numbers of f32 or f64 outside the scratch memory, read and written as float64. */
export class Elements {
  private readonly code: RoutineCode;
  private readonly base: Term;
  private readonly dtype: DType;

  /** Those of item `unit` of a stack of items of `size` elements at `start`. */
  constructor(code: RoutineCode, start: Term, dtype: DType, unit: Term, size: number) {
    const { i } = code;
    this.code = code;
    this.dtype = dtype;
    this.base = i.keep(i.add(start, i.mul(unit, size * bytesPerElement(dtype))));
  }

  private at(k: Operand): Term {
    const { i } = this.code;
    return i.add(this.base, i.mul(k, bytesPerElement(this.dtype)));
  }

  get(k: Operand): Term {
    const { f } = this.code;
    const place = this.at(k);
    return () => {
      place();
      if (this.dtype === 'f64') f.f64Load();
      else {
        f.f32Load();
        f.f64PromoteF32();
      }
    };
  }

  set(k: Operand, value: Operand): void {
    const { f, n } = this.code;
    this.at(k)();
    n.push(value);
    if (this.dtype === 'f64') f.f64Store();
    else {
      f.f32DemoteF64();
      f.f32Store();
    }
  }
}

/** Rows of float64 numbers in scratch memory. */
export class Rows {
  private readonly code: RoutineCode;
  private readonly all: Vector;
  readonly width: number;

  constructor(code: RoutineCode, base: Term, width: number) {
    this.code = code;
    this.all = new Vector(code, base);
    this.width = width;
  }

  private place(row: Operand, column: Operand): Term {
    const { i } = this.code;
    return i.add(i.mul(row, this.width), column);
  }

  get(row: Operand, column: Operand): Term {
    return this.all.get(this.place(row, column));
  }

  set(row: Operand, column: Operand, value: Operand): void {
    this.all.set(this.place(row, column), value);
  }

  /** One row. */
  row(row: Operand): Vector {
    return new Vector(this.code, this.all.at(this.code.i.mul(row, this.width)));
  }
}
