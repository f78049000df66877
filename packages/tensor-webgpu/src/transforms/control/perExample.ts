import { isFloat } from '../../dtype/dtype.ts';
import { repeatFirst } from '../../primitives/elementwise.ts';
import { lax } from '../../primitives/lax.ts';
import { isProgram, type Program } from '../../program/program.ts';
import type { Value } from '../../program/value.ts';
import { range } from '../../shape/shape.ts';
import { batchProgram } from '../batch.ts';

/** Whether running the program on operands it was not meant for could go on for ever. */
const hasWhile = (program: Program): boolean =>
  program.eqns.some(
    ({ primitive, params }) =>
      primitive.name === 'while' ||
      (params !== null &&
        typeof params === 'object' &&
        Object.values(params)
          .flat()
          .some((part) => isProgram(part) && hasWhile(part))),
  );

/** Which of `count` branches the clamped index of each example chooses. */
const choosers = (index: Value, count: number): Value[] =>
  Array.from({ length: count }, (_, k) => {
    if (count === 1) return lax.eq(index, index);
    if (k === 0) return lax.le(index, 0);
    return k === count - 1 ? lax.ge(index, k) : lax.eq(index, k);
  });

const along = (flags: Value, like: Value): Value => lax.broadcastInDim(flags, like.shape, range(0, 1));

/** The rows of the first example that is marked, in place of those that are not. */
function rowsOfFirst(value: Value, marked: Value, first: Value): Value {
  const row = lax.stopGradient(lax.gather(value, lax.reshape(first, [1]), 0));
  const everywhere = lax.broadcastInDim(
    lax.reshape(row, row.shape.slice(1)),
    value.shape,
    range(1, value.shape.length),
  );
  return lax.select(along(marked, value), value, everywhere);
}

/**
 * Branches whose index differs between examples: each runs on all examples, and every example keeps what its own
 * branch gave. So that a branch which an example did not choose leaves no trace in it, not even `0 · ∞` in a derivative,
 * and none in operands that the examples share, a branch sees the operands of an example that did choose it in place of
 * those that did not; derivatives into the operands pass through the same choice. `guard(any, run, operands)` runs a branch
 * that could loop for ever only where some example chose it.
 */
export function batchPerExample(
  size: number,
  index: Value,
  operands: readonly Value[],
  batched: readonly boolean[],
  branches: readonly Program[],
  guard: (any: Value, run: (...operands: Value[]) => Value[], operands: readonly Value[]) => Value[],
): Value[] {
  const marks = choosers(index, branches.length);
  const results = branches.map((branch, k) => {
    const any = lax.gt(lax.reduceSum(lax.cast(marks[k], 'i32'), [0]), 0);
    const loops = hasWhile(branch);
    const shared = operands.some((operand, i) => !batched[i] && isFloat(operand.dtype));
    const first = size > 0 && (loops || shared) ? lax.argMax(lax.cast(marks[k], 'i32'), 0) : null;
    const own = operands.map((operand, i): Value => {
      if (batched[i]) {
        if (first) return rowsOfFirst(operand, marks[k], first);
        return isFloat(operand.dtype) ? lax.select(along(marks[k], operand), operand, 0) : operand;
      }
      // Where nobody chose the branch, what it says of the shared operands counts for nothing.
      if (!isFloat(operand.dtype)) return operand;
      return lax.select(lax.broadcastInDim(any, operand.shape, []), operand, 0);
    });
    const run = (...all: Value[]): Value[] => {
      const { outputs, batched: has } = batchProgram(branch, size, all, batched);
      return outputs.map((output, i) => (has[i] ? output : repeatFirst(lax, output, size)));
    };
    return loops ? guard(any, run, own) : run(...own);
  });
  return results[0].map((_, i) =>
    results
      .slice(0, -1)
      .reduceRight(
        (otherwise, outputs, k) => lax.select(along(marks[k], otherwise), outputs[i], otherwise),
        results[results.length - 1][i],
      ),
  );
}
