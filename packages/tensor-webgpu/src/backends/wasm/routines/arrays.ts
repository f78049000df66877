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
