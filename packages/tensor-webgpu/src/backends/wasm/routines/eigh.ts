import { bytesPerElement } from '../../../dtype/dtype.ts';
import { sizeOf } from '../../../shape/shape.ts';
import type { Term } from '../math/terms.ts';
import { RoutineCode } from './code.ts';
import { CpuRoutine } from './routine.ts';
import { SymmetricEigen } from './symmetric-eigen.ts';

/** Eigenvalues and eigenvectors of symmetric parts, one matrix after the other. */
export const eighRoutine = new CpuRoutine((eqn) => {
  const [{ shape, dtype }] = eqn.outputs;
  const size = shape[shape.length - 1];
  const count = sizeOf(shape.slice(0, -1));
  const bytes = bytesPerElement(dtype);
  return {
    units: size === 0 ? 0 : count,
    scratchBytes: SymmetricEigen.bytes(size),
    work: count * (12 * size ** 3 + 30 * size),
    emit(module) {
      const code = new RoutineCode(module, 'eigh', 1, 2);
      const { f, i, n } = code;
      const eigen = new SymmetricEigen(code, size, code.scratch);
      const fetch =
        (address: Term): Term =>
        () => {
          address();
          if (dtype === 'f64') f.f64Load();
          else {
            f.f32Load();
            f.f64PromoteF32();
          }
        };
      const put = (address: Term, value: Term): void => {
        address();
        value();
        if (dtype === 'f64') f.f64Store();
        else {
          f.f32DemoteF64();
          f.f32Store();
        }
      };
      code.each(code.from, code.to, (unit) => {
        const start = (base: Term, elements: number): Term => i.keep(i.add(base, i.mul(unit, elements * bytes)));
        const source = start(code.operands[0], size * size);
        const element = (row: Term, column: Term): Term =>
          fetch(i.add(source, i.mul(i.add(i.mul(row, size), column), bytes)));
        code.each(0, size, (row) =>
          code.each(0, size, (column) =>
            eigen.matrix.set(row, column, n.mul(n.add(element(row, column), element(column, row)), 0.5)),
          ),
        );
        eigen.run();
        const [values, vectors] = [start(code.results[0], size), start(code.results[1], size * size)];
        code.each(0, size, (k) => put(i.add(values, i.mul(k, bytes)), eigen.values.get(k)));
        code.each(0, size, (row) =>
          code.each(0, size, (column) =>
            put(i.add(vectors, i.mul(i.add(i.mul(row, size), column), bytes)), eigen.vectors.get(column, row)),
          ),
        );
      });
      return code.finish();
    },
  };
});
