import { random } from '@flowfield/tensor-webgpu';
import { type KnapsackProblem, type KnapsackSolution, solvedKnapsack } from './knapsackSolver.ts';

export const ITEMS = 50;
const CAPACITIES = [100, 80, 50] as const;

/**
 * Problem number `index` of a key: values in 1 … R_v - 1 with R_v in 2 … 99, weights in 1 … R_w - 1 with R_w in 2 … 24, times `scale`.
 */
export function knapsackProblem(key: random.Key, index: number, items = ITEMS, scale = 1): KnapsackProblem {
  const [rangeKey, valueKey, weightKey] = random.split(random.foldIn(key, index), 3);
  const [ofValues, ofWeights] = [99, 24].map((most, i) =>
    random.randint(random.foldIn(rangeKey, i), [], 2, most + 1).item(),
  );
  const whole = (own: random.Key, count: number, below: number): Int32Array =>
    Int32Array.from(random.randint(own, [count], 1, Math.max(below, 2)).dataSync(), Number);
  return {
    values: whole(valueKey, items, ofValues),
    weights: whole(weightKey, 3 * items, ofWeights).map((weight) => scale * weight),
    capacities: CAPACITIES,
  };
}

/** Problems on few items whose solutions are not those that trying all choices gives, the last item left out first among equals. */
export function solverFaults(key: random.Key, count: number): number {
  return Array.from({ length: count }, (_, i) => {
    const items = 8 + (i % 5);
    // Weights that make the capacities matter for so few items.
    const problem = knapsackProblem(key, i, items, 1 + (i % 6));
    const { chosen, value } = solvedKnapsack(problem);
    const tried = bestOfAll(problem);
    return value === tried.value && chosen.join() === tried.chosen.join();
  }).filter((right) => !right).length;
}

function bestOfAll({ values, weights, capacities }: KnapsackProblem): KnapsackSolution {
  const n = values.length;
  let [value, choice] = [0, 0];
  for (let bits = 1; bits < 2 ** n; bits++) {
    let own = 0;
    const room = [...capacities];
    for (let i = 0; i < n; i++) {
      if (((bits >> i) & 1) === 0) continue;
      own += values[i];
      for (let k = 0; k < 3; k++) room[k] -= weights[3 * i + k];
    }
    if (own <= value || room.some((left) => left < 0)) continue;
    [value, choice] = [own, bits];
  }
  return { chosen: Uint8Array.from({ length: n }, (_, i) => (choice >> i) & 1), value };
}
