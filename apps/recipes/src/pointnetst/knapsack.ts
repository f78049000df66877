import type { SetNetworkParams } from '@flowfield/equivariant-layers';
import { adam, bceWithLogits, cosineSchedule } from '@flowfield/nn';
import { jit, onHost, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import { RecipeError } from '../errors.ts';
import type { Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { ITEMS, knapsackProblem, solverFaults } from './knapsackProblems.ts';
import { greedyKnapsack, isFeasible, type KnapsackProblem, solvedKnapsack } from './knapsackSolver.ts';
import { type NetworkName, network } from './networks.ts';

const COUNTS = { plain: [4000, 1000], quick: [1000, 200], best: [4000, 1000] } as const;
const EPOCHS = { plain: 60, quick: 20, best: 60 };
const [WIDTH, BATCH] = [50, 32];
/** Problems that the solver is compared on. */
const CHECKED = { plain: 1000, quick: 100, best: 1000 };
/** A choice succeeds that keeps all capacities and is worth nine tenths of the best. */
const GOOD = 0.9;
/** One pool of problems serves all seeds. */
const POOL = random.key(0);

export const knapsack: Part = {
  name: 'knapsack',
  summary: 'which of 50 items to take under three capacities; greedy choice does it far better than any network',
  minutes: 3,
  efforts: ['quick'],
  metrics: [
    { name: 'success', label: 'PointNetST, success, %', gate: { atLeast: 17 }, digits: 1 },
    { name: 'accuracy', label: 'PointNetST, items right, %', gate: { atLeast: 92 }, digits: 1 },
    { name: 'feasible', label: 'PointNetST, capacities kept, %', digits: 1 },
    {
      name: 'solverFaults',
      label: 'small problems solved otherwise than by trying all',
      gate: { atMost: 0, quick: true },
      digits: 0,
    },
    { name: 'alone', label: 'PointNet, success, %', gate: { atMost: 9 }, baseline: true, digits: 1 },
    { name: 'aloneAccuracy', label: 'PointNet, items right, %', gate: { atMost: 85.5 }, baseline: true, digits: 1 },
    { name: 'greedy', label: 'greedy by value over shares of the capacities, success, %', baseline: true, digits: 1 },
    { name: 'greedyAccuracy', label: 'the same, items right, %', baseline: true, digits: 1 },
    { name: 'everything', label: 'all items, success, %', baseline: true, digits: 1 },
  ],
  async run(context) {
    const { seed, effort } = context;
    const [training, tests] = COUNTS[effort];
    const pool = await solvedPool(context, training + tests);
    const order =
      seed === 0
        ? pool.map((_, i) => i)
        : Array.from(await random.permutation(random.key(seed), pool.length).data(), Number);
    const problems = order.map((i) => pool[i]);
    const [train, test] = [problems.slice(0, training), problems.slice(training)];
    const numbers = train.flatMap(({ problem }) => [...problem.values, ...problem.weights]);
    const [low, high] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
    const scaled = (list: readonly Solved[]) => asTensors(list, (value) => (value - low) / (high - low));
    const mixing = await fitted(context, 'pointNetST', scaled(train), scaled(test));
    const alone = await fitted(context, 'pointNet', scaled(train), scaled(test));
    const [found, aloneFound] = [scores(mixing.chosen, test), scores(alone.chosen, test)];
    const greedy = scores(
      test.map(({ problem }) => greedyKnapsack(problem).chosen),
      test,
    );
    const everything = scores(
      test.map(() => new Uint8Array(ITEMS).fill(1)),
      test,
    );
    return {
      figures: {
        success: found.success,
        accuracy: found.accuracy,
        feasible: found.feasible,
        solverFaults: await context.kept('faults', () => onHost(solverFaults)(random.key(seed), CHECKED[effort])),
        alone: aloneFound.success,
        aloneAccuracy: aloneFound.accuracy,
        greedy: greedy.success,
        greedyAccuracy: greedy.accuracy,
        everything: everything.success,
      },
      pictures: {
        training: figure({
          title: 'Training on knapsacks',
          panelWidth: 500,
          aspect: 0.6,
          panels: [
            {
              kind: 'lines',
              x: { label: 'epoch' },
              y: { label: 'cross-entropy of an item', log: true },
              series: [
                { label: 'PointNet', ...alone.curve },
                { label: 'PointNetST', ...mixing.curve },
              ],
            },
          ],
        }),
      },
    };
  },
};

interface Solved {
  readonly problem: KnapsackProblem;
  readonly chosen: Uint8Array;
  readonly value: number;
}

/** The first problems of the pool with their best choices, each added up again. */
async function solvedPool({ work, kept }: PartContext, count: number): Promise<Solved[]> {
  const drawn = onHost((pool: random.Key) => Array.from({ length: count }, (_, i) => knapsackProblem(pool, i)));
  const problems = await drawn(POOL);
  const choices = await kept('choices', async () => {
    const texts: string[] = [];
    for (const [i, problem] of problems.entries()) {
      const { chosen, value } = solvedKnapsack(problem);
      if (!isFeasible(problem, chosen) || worth(problem, chosen) !== value)
        throw new RecipeError(`knapsack problem ${i}: a choice said to be worth ${value} does not add up to it`);
      texts.push(chosen.join(''));
      work.progress('knapsacks', i + 1, count);
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve));
      work.signal.throwIfAborted();
    }
    return texts;
  });
  return problems.map((problem, i) => {
    const chosen = Uint8Array.from(choices[i], Number);
    return { problem, chosen, value: worth(problem, chosen) };
  });
}

const worth = ({ values }: KnapsackProblem, chosen: Uint8Array): number =>
  chosen.reduce((sum, one, i) => sum + one * values[i], 0);

/** x [problems, 50, 4], value and weights of every item, and whether it is chosen, y [problems, 50]. */
type Items = { x: Tensor; y: Tensor };

const asTensors = (list: readonly Solved[], scaled: (value: number) => number): Items => ({
  x: tensor(
    Float32Array.from(
      list.flatMap(({ problem: { values, weights } }) =>
        Array.from(values, (value, i) =>
          [value, weights[3 * i], weights[3 * i + 1], weights[3 * i + 2]].map(scaled),
        ).flat(),
      ),
    ),
  ).reshape([list.length, ITEMS, 4]),
  y: tensor(Float32Array.from(list.flatMap(({ chosen }) => [...chosen]))).reshape([list.length, ITEMS]),
});

/** Trains one network of width 50 and depth 6, and chooses items whose logit is above 0. */
async function fitted(
  { seed, effort, trained }: PartContext,
  name: Extract<NetworkName, 'pointNetST' | 'pointNet'>,
  train: Items,
  test: Items,
) {
  const net = network(name, { inputs: 4, width: WIDTH });
  const logits = (params: SetNetworkParams, x: Tensor): Tensor => net.apply(params, x).squeeze(-1);
  const perEpoch = Math.floor(train.x.shape[0] / BATCH);
  const steps = EPOCHS[effort] * perEpoch;
  const { params, history } = await trained(name, {
    params: net.init(random.key(seed)),
    batches: shuffledRows(train, { batchSize: BATCH, seed }),
    loss: (own: SetNetworkParams, { x, y }: Items): Tensor => bceWithLogits(logits(own, x), y),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 1e-3, steps }) }),
    steps,
    innerSteps: perEpoch,
    logEvery: perEpoch,
  });
  const picked = jit((own: SetNetworkParams, x: Tensor): Tensor => logits(own, x).greater(0).astype('i32'));
  const flat = Uint8Array.from(await picked(params, test.x).data(), Number);
  return {
    chosen: Array.from({ length: test.x.shape[0] }, (_, i) => flat.subarray(i * ITEMS, (i + 1) * ITEMS)),
    curve: { x: history.map(({ step }) => step / perEpoch), y: history.map(({ loss }) => Number(loss)) },
  };
}

/** Shares of the test problems in %: success, capacities kept, and items as in the best choice. */
function scores(choices: readonly Uint8Array[], test: readonly Solved[]) {
  const kept = choices.map((chosen, i) => isFeasible(test[i].problem, chosen));
  const good = choices.filter((chosen, i) => kept[i] && worth(test[i].problem, chosen) >= GOOD * test[i].value);
  const right = choices.map((chosen, i) => chosen.filter((one, item) => one === test[i].chosen[item]).length);
  const share = (count: number, of: number): number => (100 * count) / of;
  return {
    success: share(good.length, test.length),
    feasible: share(kept.filter(Boolean).length, test.length),
    accuracy: share(
      right.reduce((sum, one) => sum + one, 0),
      test.length * ITEMS,
    ),
  };
}
