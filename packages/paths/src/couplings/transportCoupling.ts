import { checkedOptions, type random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber, checkOneOf } from '../choices.ts';
import { PathShapeError, TransportError } from '../errors.ts';
import { returnedTensor } from '../returned.ts';
import { assignment } from './assignment.ts';
import {
  type Coupling,
  type CouplingInput,
  checkSides,
  type Fields,
  type Pairs,
  rowNumbers,
  takePairs,
} from './coupling.ts';
import { samplePlan } from './samplePlan.ts';
import { sinkhorn, type TransportPlan, unbalancedSinkhorn } from './sinkhorn.ts';

export interface TransportCouplingOptions {
  /**
   * 'exact' (default): the assignment of least cost, which uses each row once (with n0 ≠ n1, each row of the smaller side).
   * 'sinkhorn' and 'unbalanced': pairs drawn from an entropic plan.
   */
  readonly method?: 'exact' | 'sinkhorn' | 'unbalanced';
  /** Costs of all pairs, [n0, n1], from the points (default: squared Euclidean distances). */
  readonly cost?: (x0: Tensor, x1: Tensor) => Tensor;
  /** For the entropic methods: weight of the entropy, in units of the largest cost if `relative` (default 0.05, relative). */
  readonly regularization?: number;
  readonly relative?: boolean;
  /** For 'unbalanced': weight of the marginals, in units of the largest cost if `relative` (default 1, relative). */
  readonly marginalPenalty?: number;
  /** The name of a field in `data` with one class per data point; only pairs of one class are made. */
  readonly within?: string;
  /** The name of a field in `data` with a condition (number or vector) per data point, and the weight of its squared distance in the cost. */
  readonly near?: { readonly field: string; readonly weight: number };
}

/**
 * Minibatch optimal transport: pairs that make the paths short and straight (Tong et al. 2023; Pooladian et al. 2023).
 *
 * Transport that is blind to labels draws the source of a class towards that class, so that a conditional model no longer
 * starts from N(0, I). With `within` or `near`, source row i is given the label or condition of data row i first, and
 * keeps near it: within a class the source stays what it was. That needs n0 = n1.
 *
 * Fields of `data` travel with x1; the plan comes back in the pairs. It is solved on the host: call it before the
 * traced step. The entropic methods draw and need a `key`.
 *
 * @throws ArgumentError for options of another kind; (pair) PathShapeError, NonFinitePointError and TransportError.
 */
export function transportCoupling(options: TransportCouplingOptions = {}): Coupling {
  const use = 'transportCoupling';
  const {
    method = 'exact',
    cost = squaredDistances,
    regularization = 0.05,
    relative = true,
    marginalPenalty = 1,
    within,
    near,
  } = checkedOptions(use, options, [
    'method',
    'cost',
    'regularization',
    'relative',
    'marginalPenalty',
    'within',
    'near',
  ]);
  checkOneOf(use, 'a method', method, ['exact', 'sinkhorn', 'unbalanced']);
  checkedNumber(`${use}: regularization`, regularization, Number.MIN_VALUE);
  checkedNumber(`${use}: marginalPenalty`, marginalPenalty, Number.MIN_VALUE);
  if (near) checkedOptions(`${use}: near`, near, ['field', 'weight']);
  if (near) checkedNumber(`${use}: near.weight`, near.weight, 0);

  const costs = (input: CouplingInput, x0: Tensor, x1: Tensor): Float64Array => {
    const [n0, n1] = [x0.shape[0], x1.shape[0]];
    const given = returnedTensor(use, 'costs', cost(x0, x1));
    if (given.shape.join() !== `${n0},${n1}`) {
      throw new PathShapeError(
        `${use}: expected costs of shape [${n0}, ${n1}], got [${given.shape.join(', ')}]. Return one for each pair.`,
      );
    }
    const all = Float64Array.from(given.dataSync());
    if (!within && !near) return all;
    if (n0 !== n1) {
      throw new TransportError(
        `${use}: with labels or conditions source row i takes those of data row i; expected equally many rows, got ${n0} and ${n1}.`,
      );
    }
    if (within) {
      const label = fieldRows(use, input, within, n1);
      for (let k = 0; k < all.length; k++) {
        if (label[Math.floor(k / n1)].join() !== label[k % n1].join()) all[k] = Number.POSITIVE_INFINITY;
      }
    }
    if (near) {
      const condition = fieldRows(use, input, near.field, n1);
      for (let k = 0; k < all.length; k++) {
        const other = condition[k % n1];
        const distance = condition[Math.floor(k / n1)].reduce((sum, value, i) => sum + (value - other[i]) ** 2, 0);
        all[k] += near.weight * distance;
      }
    }
    return all;
  };

  return {
    name: `transport(${method})`,
    pair<S extends Fields, D extends Fields>(input: CouplingInput<S, D>): Pairs<S, D> {
      const sides = checkSides(use, input);
      const [n0, n1] = [sides.x0.shape[0], sides.x1.shape[0]];
      const all = costs(input, sides.x0, sides.x1);
      const matrix = tensor(all, { shape: [n0, n1], dtype: 'f64' });
      if (method === 'exact') {
        const { columns, cost: total } = assignment(matrix);
        const rows = Array.from(columns.keys()).filter((row) => columns[row] >= 0);
        const plan = new Float64Array(n0 * n1);
        for (const row of rows) plan[row * n1 + columns[row]] = 1 / rows.length;
        return {
          ...takePairs(use, input, sides, {
            index0: rowNumbers(rows),
            index1: rowNumbers(rows.map((row) => columns[row])),
          }),
          plan: tensor(plan, { shape: [n0, n1], dtype: 'f64' }),
          cost: total / rows.length,
        };
      }
      if (!input.key)
        throw new TransportError(`${use}: method '${method}' draws pairs from its plan. Give a key to pair.`);
      const largest = all.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, value) : most), 0);
      const unit = relative && largest > 0 ? largest : 1;
      const entropic = { regularization: regularization * unit, tolerance: 1e-6 };
      const solved: TransportPlan =
        method === 'sinkhorn'
          ? sinkhorn(matrix, entropic)
          : unbalancedSinkhorn(matrix, { ...entropic, marginalPenalty: marginalPenalty * unit });
      const rows = samplePlan(solved.plan, { key: input.key as random.Key, count: n1 });
      const [from, to] = [rows.index0.dataSync(), rows.index1.dataSync()];
      const total = Array.from(from).reduce((sum, row, k) => sum + all[row * n1 + to[k]], 0);
      return { ...takePairs(use, input, sides, rows), plan: solved.plan, cost: total / n1 };
    },
  };
}

/** |x - y|² for all pairs of rows, flattened. */
function squaredDistances(x0: Tensor, x1: Tensor): Tensor {
  const [a, b] = [x0, x1].map((x) => x.astype('f64').reshape([x.shape[0], -1]));
  const squares = (x: Tensor): Tensor => x.square().sum({ axis: 1 });
  return squares(a).expandDims(1).add(squares(b)).sub(a.matmul(b.T).mul(2)).maximum(0);
}

/** The rows of a field of `data` as numbers. */
function fieldRows(use: string, input: CouplingInput, name: string, count: number): number[][] {
  const given = input.data?.[name];
  if (given === undefined) {
    throw new PathShapeError(
      `${use}: the option names the field data.${name}, which pair was not given. Pass it as { data: { ${name} } }.`,
    );
  }
  const field = tensor(given);
  if (field.shape[0] !== count) {
    throw new PathShapeError(
      `${use}: expected the field data.${name} with one row for each of the ${count} points, got shape [${field.shape.join(', ')}].`,
    );
  }
  const values = field.dataSync();
  const width = values.length / count;
  return Array.from({ length: count }, (_, i) => Array.from(values.slice(i * width, (i + 1) * width)));
}
