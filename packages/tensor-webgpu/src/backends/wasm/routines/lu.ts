import { matrixStack } from '../../../shape/matrixStack.ts';
import type { Term } from '../math/terms.ts';
import { RoutineCode } from './code.ts';
import { lanesFor, Matrices, unitsFor } from './matrices.ts';
import { CpuRoutine } from './routine.ts';

/** Gaussian elimination with the largest element of each column on the diagonal. */
export const luRoutine = new CpuRoutine((eqn) => {
  const [{ dtype }] = eqn.outputs;
  const { count, columns: size } = matrixStack(eqn.outputs[0]);
  return {
    units: size === 0 ? 0 : unitsFor(count),
    scratchBytes: 8 * lanesFor(count) * size * size,
    work: count * (size ** 3 / 3 + 4 * size ** 2 + 10),
    emit(module) {
      const code = new RoutineCode(module, 'lu', 1, 3);
      const { i, n } = code;
      const m = new Matrices(code, count);
      const { real } = m;
      const work = code.scratch;
      const rowOf = (k: Term): Term => i.keep(m.at(work, i.mul(k, size)));
      m.eachUnit((matrices) => {
        const [packed, ...orders] = code.results;
        m.pack(m.addresses(code.operands[0], matrices, size * size, dtype), size * size, dtype, work);
        const [pivots, permutations] = orders.map((base) => m.addresses(base, matrices, size, 'i32'));
        const entry = (base: Term, k: Term): Term => i.keep(i.add(base, i.shiftLeft(k, 2)));
        code.each(0, size, (k) => {
          const rowK = rowOf(k);
          matrices.forEach((_, lane) => {
            const best = i.variable();
            const largest = n.variable();
            best.set(k);
            largest.set(n.abs(m.one(m.at(rowK, k), lane)));
            code.each(i.add(k, 1), size, (at) => {
              const candidate = n.keep(n.abs(m.one(m.at(rowOf(at), k), lane)));
              code.if(n.gt(candidate, largest.get), () => {
                best.set(at);
                largest.set(candidate);
              });
            });
            i.store(entry(pivots[lane], k), best.get);
            code.if(i.ne(best.get, k), () => {
              const other = rowOf(best.get);
              code.each(0, size, (j) => {
                const [p, q] = [i.keep(m.at(rowK, j)), i.keep(m.at(other, j))];
                const value = n.keep(m.one(p, lane));
                m.setOne(p, lane, m.one(q, lane));
                m.setOne(q, lane, value);
              });
            });
          });
          const pivot = real.keep(m.get(m.at(rowK, k)));
          // A column of zeros leaves nothing to eliminate: the factor U then shows the zero pivot.
          const none = m.condition();
          none.set(real.eq(pivot, 0));
          code.each(i.add(k, 1), size, (at) => {
            const row = rowOf(at);
            const place = i.keep(m.at(row, k));
            const element = real.keep(m.get(place));
            const factor = real.keep(real.select(none.get, element, real.div(element, pivot)));
            m.set(place, factor);
            const idle = m.condition();
            idle.set(m.or(none.get, real.eq(factor, 0)));
            const less = (j: Term): Term => real.sub(m.get(m.at(row, j)), real.mul(factor, m.get(m.at(rowK, j))));
            const rest = i.keep(i.add(k, 1));
            code.if(
              m.any(idle.get),
              () =>
                code.each(rest, size, (j) => m.set(m.at(row, j), real.select(idle.get, m.get(m.at(row, j)), less(j)))),
              () => code.each(rest, size, (j) => m.set(m.at(row, j), less(j))),
            );
          });
        });
        // The pivots of a matrix tell its permutation. One that the unit has twice is permuted from the start again.
        matrices.forEach((_, lane) => {
          code.each(0, size, (k) => i.store(entry(permutations[lane], k), k));
          code.each(0, size, (k) => {
            const mine = entry(permutations[lane], k);
            const other = entry(permutations[lane], i.keep(i.load(entry(pivots[lane], k))));
            const value = i.keep(i.load(mine));
            i.store(mine, i.load(other));
            i.store(other, value);
          });
        });
        m.unpack(work, size * size, dtype, m.addresses(packed, matrices, size * size, dtype));
      });
      m.release();
      return code.finish();
    },
  };
});
