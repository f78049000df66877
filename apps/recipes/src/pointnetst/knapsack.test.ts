import { random } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { ITEMS, knapsackProblem, solverFaults } from './knapsackProblems.ts';
import { greedyKnapsack, isFeasible, solvedKnapsack } from './knapsackSolver.ts';

test('few items: the choice that trying all gives, the last item left out first among equals', () => {
  expect(solverFaults(random.key(1), 300)).toBe(0);
});

test('equal items: as many as fit, the first ones', () => {
  const problem = {
    values: Int32Array.of(3, 3, 3, 3),
    weights: Int32Array.from({ length: 12 }, () => 20),
    capacities: [100, 80, 50] as const,
  };
  expect(solvedKnapsack(problem)).toEqual({ chosen: Uint8Array.of(1, 1, 0, 0), value: 6 });
});

test('everything fits, or nothing does', () => {
  const values = Int32Array.of(5, 1, 9);
  const light = { values, weights: new Int32Array(9).fill(1), capacities: [100, 80, 50] as const };
  expect([...solvedKnapsack(light).chosen]).toEqual([1, 1, 1]);
  const heavy = { ...light, weights: new Int32Array(9).fill(51) };
  expect(solvedKnapsack(heavy)).toEqual({ chosen: new Uint8Array(3), value: 0 });
});

test('fifty items: never worse than greedy choice, within the capacities, the same for every call', () => {
  for (let i = 0; i < 10; i++) {
    const problem = knapsackProblem(random.key(2), i);
    expect(problem.values).toHaveLength(ITEMS);
    expect(Math.min(...problem.values, ...problem.weights)).toBeGreaterThanOrEqual(1);
    const solution = solvedKnapsack(problem);
    expect(isFeasible(problem, solution.chosen)).toBe(true);
    expect(solution.value).toBeGreaterThanOrEqual(greedyKnapsack(problem).value);
    expect(knapsackProblem(random.key(2), i)).toEqual(problem);
  }
});
