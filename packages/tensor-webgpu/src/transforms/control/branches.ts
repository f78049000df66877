import { isFloat } from '../../dtype/dtype.ts';
import { checkedList, checkFunctions } from '../../errors/checks.ts';
import { ArgumentError, DTypeError, ShapeError } from '../../errors/errors.ts';
import { lax } from '../../primitives/lax.ts';
import { wholeNumber } from '../../primitives/wholeNumber.ts';
import { showAval } from '../../program/print.ts';
import { sameShape } from '../../shape/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { bind } from '../../trace/bind.ts';
import { type Traced, trace } from '../../trace/builder.ts';
import { liftLeaf } from '../../trace/constant.ts';
import { unflatten } from '../../tree/tree.ts';
import { condPrimitive, unifyBranches } from './cond.ts';
import { concrete, type FlatTree, flattenLeaves, integerLiteral, numberAtomLike, runOnLeaves } from './leaves.ts';

function checkedIndex(index: number): number {
  if (Number.isInteger(index)) return Math.min(Math.max(index, -(2 ** 31)), 2 ** 31 - 1);
  throw new ArgumentError(`switchCase: the index must be an integer, got ${index}.`);
}

/** Plain numbers that a branch returns take the dtype of the tensors that others return in their place. */
function withLikeNumbers(branches: readonly Traced<FlatTree>[]): Traced<FlatTree>[] {
  const like = (i: number) => branches.find(({ extra }) => extra.plain[i] === false)?.extra.values[i];
  return branches.map((branch) => {
    const outputs = branch.program.outputs.map((atom, i) => {
      const other = branch.extra.plain[i] ? like(i) : undefined;
      return other ? numberAtomLike(atom, other) : atom;
    });
    return { ...branch, program: { ...branch.program, outputs } };
  });
}

/** Runs one of `branches` on `operands`, chosen by an i32 scalar (clamped to the branches there are). */
export function switchCase<A extends unknown[], R>(
  index: Tensor | number,
  branches: readonly ((...operands: A) => R)[],
  ...operands: A
): R {
  checkFunctions('switchCase', ...checkedList('switchCase', 'the branches', branches));
  return choose({ use: 'switchCase', nameOf: (k) => `branch ${k}` }, index, branches, operands);
}

/** How errors call the function and its branches. */
interface Words {
  readonly use: 'switchCase' | 'cond';
  nameOf(branch: number): string;
}

function choose<A extends unknown[], R>(
  { use, nameOf }: Words,
  index: Tensor | number,
  branches: readonly ((...operands: A) => R)[],
  operands: A,
): R {
  const given = flattenLeaves(operands, use);
  const chosen =
    typeof index === 'number' ? integerLiteral(checkedIndex(index)) : wholeNumber(liftLeaf(index, 'switchCase'));
  if (isFloat(chosen.dtype))
    throw new DTypeError(
      `switchCase: the index must be an integer (i32 or u32), got ${showAval(chosen)}. Cast it to i32.`,
    );
  if (chosen.shape.length !== 0)
    throw new ShapeError(`switchCase: the index must be a scalar, got ${showAval(chosen)}.`);
  if (branches.length === 0) throw new ArgumentError('switchCase: expected at least one branch, got none.');
  const { outputs, extra } = runOnLeaves([chosen, ...given.values], use, (at, ...all) => {
    const values = all.map(concrete);
    const returned: Traced<FlatTree>[] = branches.map((branch) =>
      trace(values, (...inner) => {
        const result = flattenLeaves(branch(...(unflatten(given.structure, inner) as A)), use);
        return { outputs: result.values, extra: result };
      }),
    );
    const traced = withLikeNumbers(returned);
    const [first] = traced;
    traced.forEach(({ program, extra }, k) => {
      const same =
        extra.structure.key === first.extra.structure.key &&
        program.outputs.every(
          (aval, i) =>
            sameShape(aval.shape, first.program.outputs[i].shape) && aval.dtype === first.program.outputs[i].dtype,
        );
      if (!same) {
        throw new ShapeError(
          `${use}: ${nameOf(0)} returns ${showForm(first)}, but ${nameOf(k)} returns ${showForm(traced[k])}. All branches must return the same form: cast or reshape what they return.`,
        );
      }
    });
    if (traced[0].program.outputs.length === 0) return { outputs: [], extra: traced[0].extra.structure };
    const { branches: programs, captured } = unifyBranches(traced);
    const outputs = bind(condPrimitive, [lax.cast(concrete(at), 'i32'), ...values, ...captured], {
      branches: programs,
    });
    return { outputs, extra: traced[0].extra.structure };
  });
  return unflatten(extra, outputs) as R;
}

const CONDITION: Words = { use: 'cond', nameOf: (k) => `the branch for ${k === 1}` };

/** What a branch returns: its tree, with * for each tensor, and these. */
const showForm = ({ program, extra }: Traced<FlatTree>): string =>
  `${extra.structure.key} with ${program.outputs.map(showAval).join(', ') || 'no tensors'}`;

/** `predicate ? onTrue(...operands) : onFalse(...operands)` for a bool scalar known at run time only; of a number, whether it is not 0. */
export function cond<A extends unknown[], R>(
  predicate: Tensor | boolean,
  onTrue: (...operands: A) => R,
  onFalse: (...operands: A) => R,
  ...operands: A
): R {
  checkFunctions('cond', onTrue, onFalse);
  if (typeof predicate === 'boolean' || typeof predicate === 'number')
    return choose(CONDITION, Number(Number(predicate) !== 0), [onFalse, onTrue], operands);
  const test = liftLeaf(predicate, 'cond');
  if (test.shape.length !== 0) {
    throw new ShapeError(
      `cond: the predicate must be a scalar, got ${showAval(test)}. Reduce it with .all() or .any(), or use where.`,
    );
  }
  const holds = test.dtype === 'bool' ? test : lax.ne(test, 0);
  return choose(CONDITION, lax.cast(holds, 'i32') as Tensor, [onFalse, onTrue], operands);
}
