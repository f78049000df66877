import { checkedOptions, checkedWhole, type Tensor, tree, where, zeros } from '@flowfield/tensor-webgpu';
import type { Schedule } from '../schedules/schedule.ts';
import { chain } from './chain.ts';
import { clipByBlockRms, rootMeanSquare } from './clip.ts';
import { checkDecay, checkPositive } from './ranges.ts';
import { scale, scaleByLearningRate } from './scale.ts';
import {
  checkAlike,
  checkedState,
  type GradientTransform,
  mapTree,
  type OptimizerState,
  scalarZero,
  stateless,
  zerosOf,
} from './transform.ts';
import { addWeightDecay, type WeightDecayOptions } from './weightDecay.ts';

export interface FactoredRmsOptions {
  /** The second moment decays by 1 - t^-decayRate at update t = 1, 2, … (default 0.8). */
  readonly decayRate?: number;
  /** Factor where two axes are at least this long (default 128). */
  readonly leastExtent?: number;
  /** Added to squared gradients (default 1e-30). */
  readonly epsilon?: number;
}

const factoredNames = ['decayRate', 'leastExtent', 'epsilon'] as const;

type FactoredState<P> = { step: Tensor; rows: P; columns: P; square: P };

/** The two longest axes, the longer one last; `null` where the second moment is kept whole. */
function factoredAxes(shape: readonly number[], least: number): readonly [number, number] | null {
  const byLength = shape.map((_, axis) => axis).sort((a, b) => shape[a] - shape[b]);
  const [shorter, longer] = byLength.slice(-2);
  return shape.length >= 2 && shape[shorter] >= least ? [shorter, longer] : null;
}

/**
 * g / √v with v a running mean of g² + epsilon, of which large matrices keep the means over rows and over columns only:
 * v ≈ rows columnsᵀ / mean(rows) (Shazeer & Stern 2018, algorithm 4). State: `{step, rows, columns, square}`, in which what
 * a leaf does not use is [1].
 * @throws ArgumentError for a decay rate or an epsilon that is not positive, or an unknown option.
 */
export function scaleByFactoredRms(options: FactoredRmsOptions = {}): GradientTransform {
  const {
    decayRate = 0.8,
    leastExtent = 128,
    epsilon = 1e-30,
  } = checkedOptions('scaleByFactoredRms', options, factoredNames);
  checkPositive('adafactor: decayRate', decayRate);
  checkPositive('adafactor: epsilon', epsilon);
  checkedWhole('adafactor: leastExtent', leastExtent);
  const axesOf = (leaf: Tensor) => factoredAxes(leaf.shape, leastExtent);
  const unused = (leaf: Tensor): Tensor => zeros([1], { dtype: leaf.dtype, device: leaf.device?.name });
  const without = (leaf: Tensor, axis: number): Tensor =>
    zeros(
      leaf.shape.filter((_, i) => i !== axis),
      { dtype: leaf.dtype, device: leaf.device?.name },
    );
  const statistic = <P>(params: P, axis: 0 | 1): P =>
    mapTree((leaf) => {
      const axes = axesOf(leaf);
      return axes ? without(leaf, axes[axis]) : unused(leaf);
    }, params);
  return {
    init: (params) => ({
      step: scalarZero(params, 'i32'),
      rows: statistic(params, 1) as never,
      columns: statistic(params, 0) as never,
      square: mapTree((leaf) => (axesOf(leaf) ? unused(leaf) : zerosOf(leaf)), params) as never,
    }),
    update: <P>(grads: P, state: OptimizerState, params: P) => {
      // Statistics of another form would broadcast.
      if (params !== undefined) checkAlike(grads, params);
      const names = ['step', 'rows', 'columns', 'square'] as const;
      const { step, ...last } = checkedState<FactoredState<P>>('adafactor', state, names);
      const structure = tree.structure(grads);
      const [rows, columns, squares] = [last.rows, last.columns, last.square].map((part) => tree.leaves<Tensor>(part));
      const results = tree.leaves<Tensor>(grads).map((grad, i) => {
        const kept = step.add(1).astype(grad.dtype).pow(-decayRate).neg().add(1);
        const blend = (old: Tensor, now: Tensor): Tensor => old.mul(kept).add(now.mul(kept.neg().add(1)));
        const square = grad.square().add(epsilon);
        const axes = axesOf(grad);
        if (!axes) {
          const whole = blend(squares[i], square);
          return [grad.mul(whole.rsqrt()), rows[i], columns[i], whole] as const;
        }
        const [shorter, longer] = axes;
        const row = blend(rows[i], square.mean({ axis: longer }));
        const column = blend(columns[i], square.mean({ axis: shorter }));
        const inRow = shorter > longer ? shorter - 1 : shorter;
        const rowFactor = row.div(row.mean({ axis: inRow, keepDims: true })).rsqrt();
        const update = grad.mul(rowFactor.expandDims(longer)).mul(column.rsqrt().expandDims(shorter));
        return [update, row, column, squares[i]] as const;
      });
      const part = (n: 0 | 1 | 2 | 3): never =>
        tree.unflatten(
          structure,
          results.map((result) => result[n]),
        ) as never;
      return [part(0) as P, { step: step.add(1), rows: part(1), columns: part(2), square: part(3) }];
    },
  };
}

export interface AdafactorOptions extends FactoredRmsOptions, Partial<WeightDecayOptions> {
  /** A share of the size of each parameter, unless `relative` is false. */
  readonly learningRate: number | Schedule;
  /** Multiply by max(0.001, root mean square) of each parameter (default true). */
  readonly relative?: boolean;
  /** Largest root mean square of an update of a leaf (default 1); `null` for no bound. */
  readonly clip?: number | null;
  /** Decay of a running mean of updates, in [0, 1); left out, there is none. */
  readonly momentum?: number;
}

/** Parameters smaller than this are taken as of this size. */
const LEAST_SIZE = 1e-3;

const scaleBySize: GradientTransform = /* @__PURE__ */ stateless((updates, params) =>
  mapTree(
    (update, leaf) => {
      if (leaf.size === 0) return update;
      const size = rootMeanSquare(leaf);
      return update.mul(where(size.greater(LEAST_SIZE), size, LEAST_SIZE));
    },
    updates,
    params,
  ),
);

/** updates <- decay · updates + (1 - decay) · grads. */
const runningMean = (decay: number): GradientTransform => ({
  init: (params) => ({ mean: zerosOf(params) as never }),
  update: <P>(grads: P, state: OptimizerState, _params: P) => {
    const last = checkedState<{ mean: P }>('adafactor', state, ['mean']);
    const mean = mapTree((old, grad) => old.mul(decay).add(grad.mul(1 - decay)), last.mean, grads);
    return [mean, { mean: mean as never }];
  },
});

/**
 * Adafactor, whose memory grows with the rows and columns of a matrix, not with its elements: params <- params -
 * learningRate · size · clipped(g / √v), with v of `scaleByFactoredRms`; weight decay adds weightDecay · params to the step
 * (Shazeer & Stern 2018; the order of the parts is that of Optax).
 * @throws ArgumentError for options outside their range or unknown ones.
 */
export function adafactor(options: AdafactorOptions): GradientTransform {
  const {
    learningRate,
    relative = true,
    clip = 1,
    momentum,
    weightDecay,
    decays,
    ...factored
  } = checkedOptions('adafactor', options, [
    'learningRate',
    'relative',
    'clip',
    'momentum',
    'weightDecay',
    'decays',
    ...factoredNames,
  ]);
  if (momentum !== undefined) checkDecay('adafactor: momentum', momentum);
  return chain(
    scaleByFactoredRms(factored),
    ...(clip === null ? [] : [clipByBlockRms(clip)]),
    scaleByLearningRate(learningRate),
    ...(relative ? [scaleBySize] : []),
    ...(momentum === undefined ? [] : [runningMean(momentum)]),
    // The updates have the sign of a descent already.
    ...(weightDecay === undefined ? [] : [scale(-1), addWeightDecay({ weightDecay, decays }), scale(-1)]),
  );
}
