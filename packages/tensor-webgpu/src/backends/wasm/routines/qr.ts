import { matrixStack } from '../../../shape/matrixStack.ts';
import type { Term } from '../math/terms.ts';
import { RoutineCode } from './code.ts';
import { lanesFor, Matrices, unitsFor } from './matrices.ts';
import { CpuRoutine } from './routine.ts';

/** Reduced factors by Householder reflections `I − 2 v vᵀ`; the diagonal of R is not negative. */
export const qrRoutine = new CpuRoutine((eqn) => {
  const [q, r] = eqn.outputs;
  const { dtype } = q;
  const { count, rows, columns: k } = matrixStack(q);
  const { columns } = matrixStack(r);
  return {
    units: rows * columns === 0 ? 0 : unitsFor(count),
    scratchBytes: 8 * lanesFor(count) * (rows * columns + 2 * rows * k),
    work: count * (2 * rows * k * (columns + k) + 20),
    emit(module) {
      const code = new RoutineCode(module, 'qr', 1, 2);
      const { i } = code;
      const m = new Matrices(code, count);
      const { real } = m;
      const a = code.scratch;
      const q = i.keep(m.at(a, rows * columns));
      const vectors = i.keep(m.at(a, rows * columns + rows * k));
      const element = (base: Term, row: Term, column: Term, width: number): Term =>
        i.keep(m.at(base, i.add(i.mul(row, width), column)));
      /** Σ of `term` over the rows from c on. */
      const sum = (c: Term, term: (row: Term) => Term): Term => {
        const total = real.variable();
        total.set(0);
        code.each(c, rows, (row) => total.set(real.add(total.get, term(row))));
        return total.get;
      };
      /** Applies the reflection c to the columns from c on, as the others have nothing below row c any more. */
      const reflect = (matrix: Term, width: number, c: Term): void => {
        const v = (row: Term): Term => m.get(element(vectors, c, row, rows));
        code.each(c, width, (column) => {
          const projection = real.keep(sum(c, (row) => real.mul(v(row), m.get(element(matrix, row, column, width)))));
          const twice = real.keep(real.mul(projection, 2));
          code.each(c, rows, (row) => {
            const place = element(matrix, row, column, width);
            m.set(place, real.sub(m.get(place), real.mul(twice, v(row))));
          });
        });
      };
      m.eachUnit((matrices) => {
        m.pack(m.addresses(code.operands[0], matrices, rows * columns, dtype), rows * columns, dtype, a);
        code.each(0, k, (c) => {
          const v = (row: Term): Term => element(vectors, c, row, rows);
          const largest = real.variable();
          largest.set(0);
          code.each(c, rows, (row) => {
            const value = real.keep(m.get(element(a, row, c, columns)));
            m.set(v(row), value);
            largest.set(real.max(largest.get, real.abs(value)));
          });
          // Of size 1 first, so that no square overflows or vanishes: the reflection does not depend on the length of v.
          const divide = (by: Term): void => {
            const divisor = real.keep(real.select(real.lt(0, by), by, 1));
            code.each(c, rows, (row) => m.set(v(row), real.div(m.get(v(row)), divisor)));
          };
          const square = (): Term => sum(c, (row) => real.mul(m.get(v(row)), m.get(v(row))));
          divide(largest.get);
          const norm = real.keep(real.sqrt(square()));
          const first = v(c);
          const leading = real.keep(m.get(first));
          m.set(first, real.add(leading, real.select(real.ge(leading, 0), norm, real.neg(norm))));
          divide(real.keep(real.sqrt(square())));
          reflect(a, columns, c);
        });
        code.each(0, rows * k, (at) => m.set(m.at(q, at), 0));
        code.each(0, k, (c) => m.set(element(q, c, c, k), 1));
        code.down(k - 1, 0, (c) => reflect(q, k, c));
        code.each(0, k, (c) => {
          // Signs such that the diagonal of R is not negative make the factors unique.
          const negative = m.condition();
          negative.set(real.lt(m.get(element(a, c, c, columns)), 0));
          const turn = (place: Term): void =>
            m.set(place, real.select(negative.get, real.neg(m.get(place)), m.get(place)));
          code.if(m.any(negative.get), () => {
            code.each(c, columns, (column) => turn(element(a, c, column, columns)));
            code.each(0, rows, (row) => turn(element(q, row, c, k)));
          });
        });
        m.unpack(q, rows * k, dtype, m.addresses(code.results[0], matrices, rows * k, dtype));
        const triangle = m.addresses(code.results[1], matrices, k * columns, dtype);
        code.each(0, k, (row) => {
          const start = i.keep(i.mul(row, columns));
          code.each(0, row, (column) => m.put(triangle, i.keep(i.add(start, column)), dtype, 0));
          code.each(row, columns, (column) => {
            const place = i.keep(i.add(start, column));
            m.put(triangle, place, dtype, m.get(m.at(a, place)));
          });
        });
      });
      m.release();
      return code.finish();
    },
  };
});
