import { matrixStack } from '../../../shape/matrixStack.ts';
import type { Term } from '../math/terms.ts';
import { RoutineCode } from './code.ts';
import { lanesFor, Matrices, unitsFor } from './matrices.ts';
import { CpuRoutine } from './routine.ts';

interface Params {
  readonly leftSide: boolean;
  readonly lower: boolean;
  readonly transpose: boolean;
  readonly unitDiagonal: boolean;
}

/** Substitution, from the unknown vector that stands alone to the others, on all right sides at once. */
export const triangularSolveRoutine = new CpuRoutine((eqn) => {
  const [{ dtype }] = eqn.outputs;
  const { leftSide, lower, transpose, unitDiagonal } = eqn.params as unknown as Params;
  const { count, rows, columns } = matrixStack(eqn.outputs[0]);
  const [size, width] = leftSide ? [rows, columns] : [columns, rows];
  // Elements between unknown vectors, and between the elements of one.
  const [stepVector, stepElement] = leftSide ? [columns, 1] : [1, columns];
  // X op(A) = B is op(A)ᵀ Xᵀ = Bᵀ.
  const flipped = transpose === leftSide;
  const forward = lower !== flipped;
  return {
    units: rows * columns === 0 ? 0 : unitsFor(count),
    scratchBytes: 8 * lanesFor(count) * rows * columns,
    work: count * ((size ** 2 * width) / 2 + 2 * rows * columns + 10),
    emit(module) {
      const code = new RoutineCode(module, 'triangularSolve', 2, 1);
      const { i } = code;
      const m = new Matrices(code, count);
      const { real } = m;
      const vector = (k: Term): Term => i.keep(m.at(code.scratch, i.mul(k, stepVector)));
      /** Runs `body` on the addresses of the elements of two vectors side by side. */
      const along = (to: Term, from: Term, body: (to: Term, from: Term) => void): void => {
        code.each(
          0,
          width * stepElement * m.bytes,
          (at) => body(i.keep(i.add(to, at)), i.add(from, at)),
          stepElement * m.bytes,
        );
      };
      m.eachUnit((matrices) => {
        const a = m.addresses(code.operands[0], matrices, size * size, dtype);
        m.pack(m.addresses(code.operands[1], matrices, rows * columns, dtype), rows * columns, dtype, code.scratch);
        code.each(0, size, (at) => {
          const row = forward ? at : i.keep(i.sub(size - 1, at));
          const target = vector(row);
          code.each(0, at, (before) => {
            const known = forward ? before : i.keep(i.sub(size - 1, before));
            const place = flipped ? i.add(i.mul(known, size), row) : i.add(i.mul(row, size), known);
            const factor = real.keep(m.fetch(a, i.keep(place), dtype));
            const source = vector(known);
            const less = (to: Term, from: Term): Term => real.sub(m.get(to), real.mul(factor, m.get(from)));
            const absent = m.condition();
            absent.set(real.eq(factor, 0));
            // Zeros of A meet no element, be it infinite.
            code.if(
              m.any(absent.get),
              () => along(target, source, (to, from) => m.set(to, real.select(absent.get, m.get(to), less(to, from)))),
              () => along(target, source, (to, from) => m.set(to, less(to, from))),
            );
          });
          if (unitDiagonal) return;
          const pivot = real.keep(m.fetch(a, i.keep(i.mul(row, size + 1)), dtype));
          along(target, target, (to) => m.set(to, real.div(m.get(to), pivot)));
        });
        m.unpack(code.scratch, rows * columns, dtype, m.addresses(code.results[0], matrices, rows * columns, dtype));
      });
      m.release();
      return code.finish();
    },
  };
});
