/** Items with a value and a weight in each of three dimensions, all whole numbers. */
export interface KnapsackProblem {
  readonly values: Int32Array;
  /** [items, 3] */
  readonly weights: Int32Array;
  readonly capacities: readonly [number, number, number];
}

/** Whether each item is chosen, and the value of the chosen ones. */
export interface KnapsackSolution {
  readonly chosen: Uint8Array;
  readonly value: number;
}

/**
 * The choice of items with the largest value that keeps all three capacities, exactly, as the dynamic program over capacities gives it: among choices that are equal in value, the one that leaves
 * out the last item where they differ. Items that every best choice has, or none, are found first by a Lagrangian bound, so that the program runs over few items and small capacities.
 */
export function solvedKnapsack(problem: KnapsackProblem): KnapsackSolution {
  const { values, weights, capacities } = problem;
  const fixed = fixedItems(problem);
  const left = [0, 1, 2].map((k) =>
    fixed.reduce((room, state, i) => room - (state === 1 ? weights[3 * i + k] : 0), capacities[k]),
  );
  const open = Array.from(fixed.keys()).filter((i) => fixed[i] === OPEN);
  const core = dynamicProgram(
    open.map((i) => values[i]),
    open.map((i) => [weights[3 * i], weights[3 * i + 1], weights[3 * i + 2]]),
    left as [number, number, number],
  );
  const chosen = Uint8Array.from(fixed, (state) => Number(state === 1));
  open.forEach((i, at) => {
    chosen[i] = core[at];
  });
  return { chosen, value: chosen.reduce((sum, one, i) => sum + one * values[i], 0) };
}

/** Whether a choice keeps all capacities. */
export const isFeasible = ({ weights, capacities }: KnapsackProblem, chosen: ArrayLike<number>): boolean =>
  capacities.every((room, k) => {
    let used = 0;
    for (let i = 0; i < chosen.length; i++) used += chosen[i] * weights[3 * i + k];
    return used <= room;
  });

/** Takes items by falling v / Σ_k (w_k / capacity_k) while they fit. */
export function greedyKnapsack({ values, weights, capacities }: KnapsackProblem): KnapsackSolution {
  const size = (i: number): number => capacities.reduce((sum, room, k) => sum + weights[3 * i + k] / room, 0);
  return filled({ values, weights, capacities }, (i) => values[i] / size(i));
}

/** Takes items by falling score while they fit. */
function filled({ values, weights, capacities }: KnapsackProblem, score: (i: number) => number): KnapsackSolution {
  const order = Array.from(values.keys()).sort((a, b) => score(b) - score(a) || a - b);
  const room = [...capacities];
  const chosen = new Uint8Array(values.length);
  let value = 0;
  for (const i of order) {
    if (!room.every((left, k) => weights[3 * i + k] <= left)) continue;
    chosen[i] = 1;
    value += values[i];
    room.forEach((_, k) => {
      room[k] -= weights[3 * i + k];
    });
  }
  return { chosen, value };
}

const OPEN = 2;
const ROUNDS = 200;

/**
 * For multipliers λ of at least 0 no choice is worth more than U(λ) = Σ_i max(0, v_i - λ·w_i) + λ·capacity, and none in which item i stands against the sign of v_i - λ·w_i
 * more than U(λ) - |v_i - λ·w_i|. Where this is below the value of a known choice, all best choices agree on the item: 1 in, 0 out, 2 open.
 */
function fixedItems(problem: KnapsackProblem): Uint8Array {
  const { values, weights, capacities } = problem;
  const n = values.length;
  const fixed = new Uint8Array(n).fill(OPEN);
  let best = greedyKnapsack(problem).value;
  const multipliers = capacities.map((room) => values.reduce((sum, v) => sum + v, 0) / (6 * room));
  const reduced = new Float64Array(n);
  let [least, step] = [Number.POSITIVE_INFINITY, 1];
  for (let round = 0; round < ROUNDS; round++) {
    let bound = capacities.reduce((sum, room, k) => sum + multipliers[k] * room, 0);
    const slope = [...capacities];
    for (let i = 0; i < n; i++) {
      reduced[i] = values[i] - multipliers.reduce((sum, price, k) => sum + price * weights[3 * i + k], 0);
      if (reduced[i] <= 0) continue;
      bound += reduced[i];
      for (let k = 0; k < 3; k++) slope[k] -= weights[3 * i + k];
    }
    best = Math.max(best, filled(problem, (i) => reduced[i]).value);
    for (let i = 0; i < n; i++) {
      if (bound - Math.abs(reduced[i]) < best - ROUNDING) fixed[i] = Number(reduced[i] > 0);
    }
    if (bound < least - ROUNDING) least = bound;
    else step *= 0.9;
    const size = slope.reduce((sum, s) => sum + s * s, 0);
    if (size === 0) break;
    const pace = (step * Math.max(bound - best, 0.5)) / size;
    slope.forEach((s, k) => {
      multipliers[k] = Math.max(0, multipliers[k] - pace * s);
    });
  }
  return fixed;
}

/** Values are whole numbers; sums of multipliers are rounded. */
const ROUNDING = 1e-6;

/** The last optimal choice to be found when items are added one after another and a better value is needed to change a cell. */
function dynamicProgram(
  values: readonly number[],
  weights: readonly (readonly number[])[],
  [rooms0, rooms1, rooms2]: readonly [number, number, number],
): Uint8Array {
  const [plane, row] = [(rooms1 + 1) * (rooms2 + 1), rooms2 + 1];
  const cells = (rooms0 + 1) * plane;
  const table = new Int32Array(cells);
  const taken = values.map((value, item) => {
    const [a, b, c] = weights[item];
    const back = a * plane + b * row + c;
    const bits = new Uint8Array(cells);
    for (let x = rooms0; x >= a; x--) {
      for (let y = rooms1; y >= b; y--) {
        const start = x * plane + y * row;
        for (let cell = start + rooms2; cell >= start + c; cell--) {
          const candidate = table[cell - back] + value;
          if (candidate <= table[cell]) continue;
          table[cell] = candidate;
          bits[cell] = 1;
        }
      }
    }
    return { bits, back };
  });
  const chosen = new Uint8Array(values.length);
  let cell = cells - 1;
  for (let item = values.length - 1; item >= 0; item--) {
    const { bits, back } = taken[item];
    if (bits[cell] === 0) continue;
    chosen[item] = 1;
    cell -= back;
  }
  return chosen;
}
