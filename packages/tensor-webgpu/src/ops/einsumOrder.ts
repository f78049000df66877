/** Up to this many operands every order is tried (dynamic programming over subsets); beyond, the cheapest pair goes first. */
const EXHAUSTIVE_LIMIT = 8;

type Labels = readonly string[];

const cost = (labels: Iterable<string>, extents: ReadonlyMap<string, number>): number => {
  let product = 1;
  for (const label of labels) product *= extents.get(label) ?? 1;
  return product;
};

/** Labels of a group of operands after its own contraction: those that the output or another operand needs. */
function resultLabels(members: number, operands: readonly Labels[], output: Labels): Set<string> {
  const inside = new Set<string>();
  const outside = new Set(output);
  operands.forEach((labels, i) => {
    for (const label of labels) ((members >> i) & 1 ? inside : outside).add(label);
  });
  return new Set([...inside].filter((label) => outside.has(label)));
}

interface Plan {
  readonly cost: number;
  readonly parts: readonly [number, number] | null;
}

/**
 * The order in which to contract several labelled operands, pair by pair, with the least total of
 * multiplications. Each pair names two positions of the list as it then is; both go, and their product is
 * appended.
 */
export function contractionOrder(
  operands: readonly Labels[],
  output: Labels,
  extents: ReadonlyMap<string, number>,
): readonly (readonly [number, number])[] {
  if (operands.length <= 1) return [];
  return operands.length <= EXHAUSTIVE_LIMIT
    ? bestOrder(operands, output, extents)
    : greedyOrder(operands, output, extents);
}

function bestOrder(
  operands: readonly Labels[],
  output: Labels,
  extents: ReadonlyMap<string, number>,
): [number, number][] {
  const count = operands.length;
  const everything = (1 << count) - 1;
  const plans = new Array<Plan>(everything + 1);
  const results = Array.from({ length: everything + 1 }, (_, members) => resultLabels(members, operands, output));
  for (let members = 1; members <= everything; members++) {
    if ((members & (members - 1)) === 0) {
      plans[members] = { cost: 0, parts: null };
      continue;
    }
    let best: Plan = { cost: Number.POSITIVE_INFINITY, parts: null };
    for (let part = (members - 1) & members; part > 0; part = (part - 1) & members) {
      const other = members ^ part;
      if (part < other) continue;
      const pairCost = cost(new Set([...results[part], ...results[other]]), extents);
      const total = plans[part].cost + plans[other].cost + pairCost;
      if (total < best.cost) best = { cost: total, parts: [other, part] };
    }
    plans[members] = best;
  }
  return pairsOf(plans, everything, count);
}

/** A plan over subsets as pairs of positions. */
function pairsOf(plans: readonly Plan[], everything: number, count: number): [number, number][] {
  const current = Array.from({ length: count }, (_, i) => 1 << i);
  const pairs: [number, number][] = [];
  const carryOut = (members: number): void => {
    const { parts } = plans[members];
    if (!parts) return;
    for (const part of parts) carryOut(part);
    const [i, j] = parts.map((part) => current.indexOf(part));
    pairs.push([i, j]);
    for (const at of [Math.max(i, j), Math.min(i, j)]) current.splice(at, 1);
    current.push(members);
  };
  carryOut(everything);
  return pairs;
}

function greedyOrder(
  operands: readonly Labels[],
  output: Labels,
  extents: ReadonlyMap<string, number>,
): [number, number][] {
  let current = operands.map((labels) => new Set(labels));
  const pairs: [number, number][] = [];
  while (current.length > 1) {
    let best: [number, number] = [0, 1];
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < current.length; i++) {
      for (let j = i + 1; j < current.length; j++) {
        const pairCost = cost(new Set([...current[i], ...current[j]]), extents);
        if (pairCost < least) [least, best] = [pairCost, [i, j]];
      }
    }
    const [i, j] = best;
    const rest = current.filter((_, k) => k !== i && k !== j);
    const needed = new Set([...output, ...rest.flatMap((labels) => [...labels])]);
    const product = new Set([...current[i], ...current[j]].filter((label) => needed.has(label)));
    pairs.push(best);
    current = [...rest, product];
  }
  return pairs;
}
