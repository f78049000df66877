import { matrixStack } from '../../../shape/matrixStack.ts';
import type { Term } from '../math/terms.ts';
import { RoutineCode } from './code.ts';
import { lanesFor, Matrices, unitsFor } from './matrices.ts';
import { CpuRoutine } from './routine.ts';

/** Cholesky factors in place of the matrices, column by column; NaN below the diagonal where there is none. */
export const choleskyRoutine = new CpuRoutine((eqn) => {
  const [{ dtype }] = eqn.outputs;
  const { count, columns: size } = matrixStack(eqn.outputs[0]);
  return {
    units: size === 0 ? 0 : unitsFor(count),
    scratchBytes: 8 * lanesFor(count) * size * size,
    work: count * (size ** 3 / 6 + 2 * size ** 2 + 10),
    emit(module) {
      const code = new RoutineCode(module, 'cholesky', 1, 1);
      const { i } = code;
      const m = new Matrices(code, count);
      const { real } = m;
      const work = code.scratch;
      const row = (k: Term): Term => i.keep(m.at(work, i.mul(k, size)));
      m.eachUnit((matrices) => {
        m.pack(m.addresses(code.operands[0], matrices, size * size, dtype), size * size, dtype, work);
        const failed = m.condition();
        failed.set(real.lt(0, 0));
        code.each(0, size, (j) => {
          const rowJ = row(j);
          /** The element (i, j) of the symmetric part, less what the columns before j have of it. */
          const rest = (at: Term, rowI: Term): Term => {
            const sum = real.variable();
            const mirrored = m.get(m.at(rowJ, at));
            sum.set(real.mul(real.add(m.get(m.at(rowI, j)), mirrored), 0.5));
            code.each(0, j, (k) => sum.set(real.sub(sum.get, real.mul(m.get(m.at(rowI, k)), m.get(m.at(rowJ, k))))));
            return sum.get;
          };
          const pivot = rest(j, rowJ);
          const fine = m.and(real.lt(0, pivot), real.lt(pivot, Infinity));
          failed.set(m.or(failed.get, m.not(fine)));
          const diagonal = real.keep(real.sqrt(pivot));
          m.set(m.at(rowJ, j), diagonal);
          code.each(i.add(j, 1), size, (at) => {
            const rowI = row(at);
            m.set(m.at(rowI, j), real.div(rest(at, rowI), diagonal));
          });
        });
        const targets = m.addresses(code.results[0], matrices, size * size, dtype);
        code.each(0, size, (at) => {
          const start = i.keep(i.mul(at, size));
          code.each(0, i.add(at, 1), (k) => {
            const place = i.keep(i.add(start, k));
            m.put(targets, place, dtype, real.select(failed.get, NaN, m.get(m.at(work, place))));
          });
          code.each(i.add(at, 1), size, (k) => m.put(targets, i.keep(i.add(start, k)), dtype, 0));
        });
      });
      m.release();
      return code.finish();
    },
  };
});
