import type { Callable, FunctionBuilder, ValueType } from '../assembler/index.ts';

/** Writes instructions that leave one value on the stack. A term that is used twice is written twice: see `keep`. */
export type Term = () => void;
/** A term, or a number that stands for itself (in every lane). */
export type Operand = Term | number;

/** A local whose value may be set again, and the term that reads it. */
export interface Variable {
  readonly index: number;
  readonly get: Term;
  set(term: Operand): void;
}

/**
 * Values of one type as expressions, so that formulas read as formulas. The locals that hold kept terms belong to the
 * expressions until `release`.
 */
export abstract class Terms {
  readonly f: FunctionBuilder;
  protected readonly held: number[] = [];
  protected abstract readonly type: ValueType;
  /** Writes a number. */
  protected abstract constant(value: number): void;

  constructor(f: FunctionBuilder) {
    this.f = f;
  }

  /** Writes an operand: its value is left on the stack. */
  push(operand: Operand): void {
    if (typeof operand === 'number') this.constant(operand);
    else operand();
  }

  /** Computes a term now, and returns a term that reads the result. */
  keep(term: Operand): Term {
    const variable = this.variable();
    variable.set(term);
    return variable.get;
  }

  /** Computes the values that a call leaves, the first deepest, and returns terms that read them. */
  keepCall(callee: Callable, ...operands: Term[]): Term[] {
    for (const operand of operands) operand();
    this.f.call(callee);
    const locals = callee.signature.results.map((type) => this.f.local(type));
    this.held.push(...locals);
    for (const local of locals.toReversed()) this.f.localSet(local);
    return locals.map((local) => this.local(local));
  }

  variable(): Variable {
    const index = this.f.local(this.type);
    this.held.push(index);
    return {
      index,
      set: (term) => {
        this.push(term);
        this.f.localSet(index);
      },
      get: this.local(index),
    };
  }

  /** The term that reads a local. */
  local(local: number): Term {
    return () => this.f.localGet(local);
  }

  /** Gives back the locals of all kept terms. */
  release(): void {
    this.f.release(...this.held.splice(0));
  }

  protected of(instruction: () => void, ...operands: Operand[]): Term {
    return () => {
      for (const operand of operands) this.push(operand);
      instruction.call(this.f);
    };
  }
}
