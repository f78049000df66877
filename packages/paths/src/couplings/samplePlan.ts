import { checkedOptions, checkedWhole, random, type Tensor, type TensorLike, tensor } from '@flowfield/tensor-webgpu';
import { TransportError } from '../errors.ts';
import { hostNumbers } from './costMatrix.ts';
import {
  type Coupling,
  type CouplingInput,
  checkSides,
  type Fields,
  type Pairs,
  rowNumbers,
  takePairs,
} from './coupling.ts';

export interface PlanSampling {
  readonly key: random.Key;
  /** How many pairs (default: as many as the plan has columns). */
  readonly count?: number;
}

/**
 * Pairs (row, column) of a plan [n0, n1] with probabilities proportional to its masses: systematic draws, so that each
 * pair is drawn floor or ceiling of count · mass times, in random order. An exact plan of equal masses, drawn n times,
 * gives each of its pairs once. i32 [count] each.
 * @throws TransportError for masses that are negative, NaN or all 0.
 */
export function samplePlan(plan: TensorLike, options: PlanSampling): { index0: Tensor; index1: Tensor } {
  const { key, count } = checkedOptions('samplePlan', options, ['key', 'count']);
  const { shape, data } = hostNumbers('samplePlan', plan);
  const total = data.reduce((sum, value) => sum + value, 0);
  if (shape.length !== 2 || data.some((value) => !(value >= 0)) || !(total > 0 && Number.isFinite(total))) {
    throw new TransportError(
      `samplePlan: expected masses [rows, columns] of at least 0 with a positive sum, got shape [${shape.join(', ')}] and sum ${total}.`,
    );
  }
  const draws = checkedWhole('samplePlan: count', count ?? shape[1]);
  const keys = random.split(key);
  const offset = random.uniform(keys.slice(0), [], { dtype: 'f64' }).item();
  const cells = new Int32Array(draws);
  let cell = 0;
  let below = data[0];
  for (let k = 0; k < draws; k++) {
    // The last cell with mass ends the search, whatever rounding made of the sum.
    const wanted = ((k + offset) / draws) * total;
    while (below <= wanted && cell < data.length - 1) below += data[++cell];
    while (data[cell] === 0) cell--;
    cells[k] = cell;
  }
  const order = random.permutation(keys.slice(1), draws).dataSync();
  const drawn = Array.from(order, (k) => cells[k]);
  return {
    index0: rowNumbers(drawn.map((at) => Math.floor(at / shape[1]))),
    index1: rowNumbers(drawn.map((at) => at % shape[1])),
  };
}

/**
 * A coupling that draws from a plan the caller knows, f64 [n0, n1]; `pair` needs a `key`.
 * @throws (pair) TransportError when the plan does not fit the rows, or no key is given.
 */
export function planCoupling(plan: TensorLike): Coupling {
  const use = 'planCoupling';
  return {
    name: 'plan',
    pair<S extends Fields, D extends Fields>(input: CouplingInput<S, D>): Pairs<S, D> {
      const sides = checkSides(use, input);
      const { shape, data } = hostNumbers(use, plan);
      const [n0, n1] = [sides.x0.shape[0], sides.x1.shape[0]];
      if (shape[0] !== n0 || shape[1] !== n1) {
        throw new TransportError(`${use}: expected a plan of shape [${n0}, ${n1}], got [${shape.join(', ')}].`);
      }
      if (!input.key) throw new TransportError(`${use}: pairs are drawn. Give a key to pair.`);
      return {
        ...takePairs(use, input, sides, samplePlan(plan, { key: input.key, count: n1 })),
        plan: tensor(data, { shape, dtype: 'f64' }),
      };
    },
  };
}
