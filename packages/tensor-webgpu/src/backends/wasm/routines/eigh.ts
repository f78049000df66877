import { sizeOf } from '../../../shape/shape.ts';
import type { Term } from '../math/terms.ts';
import { Elements } from './arrays.ts';
import { RoutineCode } from './code.ts';
import { CpuRoutine } from './routine.ts';
import { SymmetricEigen } from './symmetric-eigen.ts';

/** Eigenvalues and eigenvectors of symmetric parts, one matrix after the other. */
export const eighRoutine = new CpuRoutine((eqn) => {
  const [{ shape, dtype }] = eqn.outputs;
  const size = shape[shape.length - 1];
  const count = sizeOf(shape.slice(0, -1));
  return {
    units: size === 0 ? 0 : count,
    scratchBytes: SymmetricEigen.bytes(size),
    work: count * (12 * size ** 3 + 30 * size),
    emit(module) {
      const code = new RoutineCode(module, 'eigh', 1, 2);
      const { i } = code;
      const eigen = new SymmetricEigen(code, size, code.scratch);
      const place = (row: Term, column: Term): Term => i.add(i.mul(row, size), column);
      code.each(code.from, code.to, (unit) => {
        const elements = (base: Term, items: number): Elements => new Elements(code, base, dtype, unit, items);
        eigen.take(elements(code.operands[0], size * size));
        eigen.run();
        const [values, vectors] = [elements(code.results[0], size), elements(code.results[1], size * size)];
        code.each(0, size, (k) => values.set(k, eigen.values.get(k)));
        code.each(0, size, (row) =>
          code.each(0, size, (column) => vectors.set(place(row, column), eigen.vectors.get(column, row))),
        );
      });
      return code.finish();
    },
  };
});
