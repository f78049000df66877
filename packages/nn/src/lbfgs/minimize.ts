import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  checkFunctions,
  type Tensor,
  tensor,
  tree,
  valueAndGrad,
  where,
  whileLoop,
} from '@flowfield/tensor-webgpu';
import { checkAmount } from '../optimizers/ranges.ts';
import { type LinePoint, wolfeSearch } from './lineSearch.ts';
import { asTree, asVector, emptyMemory, inverseHessianTimes, type PairMemory, remember } from './memory.ts';

export interface MinimizeOptions {
  /** How many past steps are remembered (default 10). */
  readonly memory?: number;
  /** Most steps (default 100). */
  readonly steps?: number;
  /** Ends when no element of the gradient is larger (default 1e-6). */
  readonly tolerance?: number;
  /** Most evaluations of the loss in the search for one step (default 25). */
  readonly tries?: number;
}

/** What ended a minimization. */
export const minimizeCodes = { converged: 0, steps: 1, noDecrease: 2 } as const;

/** The end of a minimization. All numbers are scalar tensors, so that a jitted function may return them. */
export interface Minimum<P> {
  readonly params: P;
  readonly value: Tensor;
  /** The largest absolute element of the gradient. */
  readonly gradientSize: Tensor;
  /** Steps taken (i32). */
  readonly steps: Tensor;
  /** i32: one of `minimizeCodes`. `noDecrease` is usual at the limit of the dtype's precision. */
  readonly code: Tensor;
}

type Walk = { at: LinePoint; pairs: PairMemory; steps: Tensor };

/**
 * The parameters that minimize `loss`, a function without random numbers (a full batch), by L-BFGS with a line search for the
 * Wolfe conditions (Nocedal & Wright 2006, algorithm 7.5). May be jitted.
 * @throws ArgumentError for parameters without leaves or options out of range; what `valueAndGrad` throws when the loss is no
 *   floating scalar.
 */
export function minimizeLbfgs<P>(loss: (params: P) => Tensor, params: P, options: MinimizeOptions = {}): Minimum<P> {
  checkFunctions('minimizeLbfgs', loss);
  const {
    memory = 10,
    steps = 100,
    tolerance = 1e-6,
    tries = 25,
  } = checkedOptions('minimizeLbfgs', options, ['memory', 'steps', 'tolerance', 'tries']);
  checkedWhole('minimizeLbfgs: memory', memory);
  checkedWhole('minimizeLbfgs: steps', steps, 0);
  checkedWhole('minimizeLbfgs: tries', tries);
  checkAmount('minimizeLbfgs: tolerance', tolerance);
  if (tree.leaves(params).length === 0) {
    throw new ArgumentError('minimizeLbfgs: expected parameters with at least one tensor, got none.');
  }
  const f = (x: Tensor): Tensor => loss(asTree(x, params));
  const x = asVector(params);
  const [value, gradient] = valueAndGrad(f)(x) as [Tensor, Tensor];
  const sizeOf = (at: LinePoint): Tensor => at.gradient.abs().max();
  const start: Walk = {
    at: { x, value, gradient, found: value.equal(value).logicalOr(true) },
    pairs: emptyMemory(x, memory),
    steps: tensor(0, { dtype: 'i32', device: x.device?.name }),
  };
  const end = whileLoop(
    (walk: Walk) => walk.at.found.logicalAnd(walk.steps.less(steps)).logicalAnd(sizeOf(walk.at).greater(tolerance)),
    (walk: Walk): Walk => {
      const { at } = walk;
      const newton = inverseHessianTimes(walk.pairs, at.gradient).neg();
      // Rounding can turn the direction uphill; then the gradient itself shows the way.
      const isDescent = newton.mul(at.gradient).sum().less(0);
      const direction = where(isDescent, newton, at.gradient.neg());
      const next = wolfeSearch({ f, x: at.x, value: at.value, gradient: at.gradient, direction }, tries);
      return {
        at: next,
        pairs: remember(walk.pairs, next.x.sub(at.x), next.gradient.sub(at.gradient)),
        steps: walk.steps.add(next.found.astype('i32')),
      };
    },
    start,
  );
  const gradientSize = sizeOf(end.at);
  const { converged, steps: usedUp, noDecrease } = minimizeCodes;
  const unfinished = where(end.at.found, usedUp, noDecrease);
  return {
    params: asTree(end.at.x, params),
    value: end.at.value,
    gradientSize,
    steps: end.steps,
    code: where(gradientSize.lessEqual(tolerance), converged, unfinished).astype('i32'),
  };
}
