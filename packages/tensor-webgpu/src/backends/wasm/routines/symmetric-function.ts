import { matrixStack } from '../../../shape/matrixStack.ts';
import { callOnNumbers, type DoubleName } from '../math/index.ts';
import type { Term } from '../math/terms.ts';
import { Elements, Rows } from './arrays.ts';
import { RoutineCode } from './code.ts';
import { CpuRoutine } from './routine.ts';
import { SymmetricEigen } from './symmetric-eigen.ts';

type ScalarFunction =
  | { readonly kind: 'exp' }
  | { readonly kind: 'log' }
  | { readonly kind: 'power'; readonly exponent: number };

/** Exponentials of numbers that are farther from each other do not cancel. */
const APART = 1;

/** A function of numbers and its divided differences, as code. */
class Scalar {
  private readonly code: RoutineCode;
  private readonly f: ScalarFunction;

  constructor(code: RoutineCode, f: ScalarFunction) {
    this.code = code;
    this.f = f;
  }

  private call(name: DoubleName, ...operands: (Term | number)[]): Term {
    const { f, n, module } = this.code;
    const terms = operands.map((operand) => (): void => n.push(operand));
    return () => callOnNumbers(module, f, name, terms);
  }

  private power(x: Term, exponent: number): Term {
    const { n } = this.code;
    if (exponent === 0.5) return n.sqrt(x);
    return exponent === -0.5 ? n.div(1, n.sqrt(x)) : this.call('pow', x, exponent);
  }

  value(x: Term): Term {
    const { f } = this;
    return f.kind === 'power' ? this.power(x, f.exponent) : this.call(f.kind, x);
  }

  private derivative(x: Term): Term {
    const { f } = this;
    const { n } = this.code;
    if (f.kind === 'exp') return this.call('exp', x);
    return f.kind === 'log' ? n.div(1, x) : n.mul(f.exponent, this.power(x, f.exponent - 1));
  }

  /** The divided difference of two numbers that are near each other, by functions that do not cancel; `distance` is not 0. */
  private near(x: Term, y: Term, distance: Term): Term {
    const { f } = this;
    const { n } = this.code;
    if (f.kind === 'exp') {
      const half = n.keep(n.mul(distance, 0.5));
      return n.mul(this.call('exp', n.keep(n.mul(n.add(x, y), 0.5))), n.div(this.call('sinh', half), half));
    }
    const log = n.keep(this.call('log1p', n.keep(n.div(distance, x))));
    if (f.kind === 'log') return n.div(log, distance);
    const growth = this.call('expm1', n.keep(n.mul(log, f.exponent)));
    return n.mul(this.power(x, f.exponent), n.div(growth, distance));
  }

  /** `(f(y) − f(x)) / (y − x)` for kept terms x ≤ y, and f′(x) where they are one. */
  slope(x: Term, y: Term): Term {
    const { code, f } = this;
    const { n } = code;
    const result = n.variable();
    const distance = n.keep(n.sub(y, x));
    code.if(
      n.eq(distance, 0),
      () => result.set(this.derivative(x)),
      () =>
        code.if(
          n.le(distance, f.kind === 'exp' ? APART : x),
          () => result.set(this.near(x, y, distance)),
          () => result.set(n.div(n.sub(this.value(y), this.value(x)), distance)),
        ),
    );
    return result.get;
  }
}

/** Whether f, or its derivative, has no value at an eigenvalue; those that are negative by rounding alone do for powers. */
function outside(
  { n, i }: RoutineCode,
  f: ScalarFunction,
  order: number,
  { values }: SymmetricEigen,
  size: number,
  epsilon: number,
): Term {
  const least = n.keep(values.get(0));
  if (f.kind === 'exp') return n.ne(least, least);
  if (f.kind === 'log' || order > 0 || f.exponent < 0) return i.not(n.gt(least, 0));
  return i.not(n.ge(least, n.mul(n.abs(values.get(size - 1)), -8 * size * epsilon)));
}

/**
 * f(A) = V diag(f(w)) Vᵀ of symmetric parts, one matrix after the other, and with one direction E its derivative
 * V (F ∘ Vᵀ E V) Vᵀ, F the divided differences of f. Derivatives of higher order are left to the host.
 */
export const symmetricFunctionRoutine = new CpuRoutine((eqn) => {
  const order = eqn.inputs.length - 1;
  if (order > 1) return null;
  const { f } = eqn.params as { readonly f: ScalarFunction };
  const [output] = eqn.outputs;
  const { dtype } = output;
  const { count, rows: size } = matrixStack(output);
  const square = size * size;
  return {
    units: size === 0 ? 0 : count,
    scratchBytes: SymmetricEigen.bytes(size) + 16 * square,
    work: count * ((14 + 4 * order) * size ** 3 + 60 * size + order * 80 * square),
    emit(module) {
      const code = new RoutineCode(module, 'symmetricFunction', order + 1, 1);
      const { i, n } = code;
      const eigen = new SymmetricEigen(code, size, code.scratch);
      const [half, middle] = [0, 1].map(
        (k) => new Rows(code, i.add(code.scratch, SymmetricEigen.bytes(size) + 8 * square * k), size),
      );
      const scalar = new Scalar(code, f);
      const { values, vectors, matrix } = eigen;
      const pairs = (body: (row: Term, column: Term) => void): void =>
        code.each(0, size, (row) => code.each(0, size, (column) => body(row, column)));
      const upper = (body: (row: Term, column: Term) => void): void =>
        code.each(0, size, (row) => code.each(row, size, (column) => body(row, column)));
      const sum = (term: (k: Term) => Term): Term => {
        const total = n.variable();
        total.set(0);
        code.each(0, size, (k) => total.set(n.add(total.get, term(k))));
        return total.get;
      };
      code.each(code.from, code.to, (unit) => {
        const elements = (base: Term): Elements => new Elements(code, base, dtype, unit, square);
        eigen.take(elements(code.operands[0]));
        eigen.run();
        const result = elements(code.results[0]);
        const put = (row: Term, column: Term, value: Term): void => result.set(i.add(i.mul(row, size), column), value);
        code.if(
          outside(code, f, order, eigen, size, dtype === 'f32' ? 2 ** -23 : 2 ** -52),
          () => pairs((row, column) => put(row, column, n.keep(NaN))),
          () => {
            if (f.kind === 'power') code.each(0, size, (k) => values.set(k, n.max(values.get(k), 0)));
            if (order === 0) {
              code.each(0, size, (k) => {
                const value = n.keep(scalar.value(n.keep(values.get(k))));
                code.each(0, size, (j) => half.set(k, j, n.mul(value, vectors.get(k, j))));
              });
            } else {
              eigen.take(elements(code.operands[1]));
              pairs((a, k) =>
                half.set(
                  a,
                  k,
                  sum((j) => n.mul(vectors.get(a, j), matrix.get(j, k))),
                ),
              );
              upper((a, b) => {
                const along = n.keep(sum((k) => n.mul(half.get(a, k), vectors.get(b, k))));
                const value = n.keep(n.mul(along, scalar.slope(n.keep(values.get(a)), n.keep(values.get(b)))));
                middle.set(a, b, value);
                middle.set(b, a, value);
              });
              pairs((a, j) =>
                half.set(
                  a,
                  j,
                  sum((b) => n.mul(middle.get(a, b), vectors.get(b, j))),
                ),
              );
            }
            upper((row, column) => {
              const value = n.keep(sum((k) => n.mul(vectors.get(k, row), half.get(k, column))));
              put(row, column, value);
              put(column, row, value);
            });
          },
        );
      });
      return code.finish();
    },
  };
});
