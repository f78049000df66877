import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { Integers, Numbers } from '../math/scalars.ts';
import type { Operand, Term } from '../math/terms.ts';
import { routineParams } from './routine.ts';

/** The function of a routine while it is written: its parameters, and loops in the manner of a program. */
export class RoutineCode {
  readonly f: FunctionBuilder;
  readonly module: ModuleBuilder;
  /** Integers of 32 bits, and numbers of 64. */
  readonly i: Integers;
  readonly n: Numbers;
  readonly from: Term;
  readonly to: Term;
  readonly scratch: Term;
  readonly operands: readonly Term[];
  readonly results: readonly Term[];

  constructor(module: ModuleBuilder, name: string, operands: number, results: number) {
    this.module = module;
    this.f = module.func(name, routineParams(operands, results));
    this.i = new Integers(this.f);
    this.n = new Numbers(this.f);
    const parameter = (at: number): Term => this.i.local(at);
    this.from = parameter(0);
    this.to = parameter(1);
    this.scratch = parameter(2);
    this.operands = Array.from({ length: operands }, (_, k) => parameter(3 + k));
    this.results = Array.from({ length: results }, (_, k) => parameter(3 + operands + k));
  }

  /** `for (k = from; k < to; k += step) body(k)`. */
  each(from: Operand, to: Operand, body: (k: Term) => void, step = 1): void {
    const { f, i } = this;
    const counter = i.variable();
    const bound = typeof to === 'number' ? to : i.keep(to);
    counter.set(from);
    i.lt(counter.get, bound)();
    f.if(() =>
      f.repeat((again) => {
        body(counter.get);
        counter.set(i.add(counter.get, step));
        i.lt(counter.get, bound)();
        f.brIf(again);
      }),
    );
  }

  /** `for (k = from; k >= to; k--) body(k)`. */
  down(from: Operand, to: Operand, body: (k: Term) => void): void {
    const { f, i } = this;
    const counter = i.variable();
    const bound = typeof to === 'number' ? to : i.keep(to);
    counter.set(from);
    i.ge(counter.get, bound)();
    f.if(() =>
      f.repeat((again) => {
        body(counter.get);
        counter.set(i.sub(counter.get, 1));
        i.ge(counter.get, bound)();
        f.brIf(again);
      }),
    );
  }

  /** `while (condition) body()`; `leave` ends the loop from inside. */
  while(condition: () => Term, body: (leave: () => void) => void): void {
    const { f, i } = this;
    f.block((done) =>
      f.repeat((again) => {
        i.not(condition())();
        f.brIf(done);
        body(() => f.br(done));
        f.br(again);
      }),
    );
  }

  if(condition: Term, then: () => void, otherwise?: () => void): void {
    condition();
    this.f.if(then, otherwise);
  }

  /** Ends the function's text. */
  finish(): FunctionBuilder {
    this.i.release();
    this.n.release();
    return this.f;
  }
}
