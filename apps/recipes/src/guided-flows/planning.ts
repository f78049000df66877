import type { MlpParams } from '@flowfield/nn';
import { midpoint } from '@flowfield/ode-solvers';
import { guidedModel, sampleOde } from '@flowfield/samplers';
import { jit, onHost, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import {
  NO_RETURN,
  PATHS,
  type PathName,
  PLAN,
  placesOf,
  plannerNetwork,
  planScale,
  trainedInverse,
  trainedPlanner,
} from './plannerModel.ts';
import { behaviour, distance, drawnTasks, HORIZON, lived, moved, straight, type Task } from './pointMass.ts';

const WEIGHTS = [0, 1, 1.5, 2, 3] as const;
/** Evaluations of the field for a plan; a guided one evaluates it twice. */
const EVALUATIONS = [10, 100] as const;
const REPLAN = 8;
/** The return that is asked for: that which this share of the data of about the same distance stays below. */
const ASKED = 0.95;
/** Episodes of the data that are about as far from their goal. */
const NEIGHBOURS = 400;
const SIZES = {
  plain: { width: 512, steps: 12_000, average: 0.999, episodes: 20_000, inverse: 3000, tests: 500 },
  quick: { width: 128, steps: 800, average: 0.98, episodes: 5000, inverse: 500, tests: 100 },
} as const;

const orders: Metric[] = [
  {
    name: 'gain',
    label: 'return at the best ω > 1 minus that at ω = 1, 10 evaluations',
    gate: { atLeast: 0 },
    digits: 4,
  },
  {
    name: 'beyond',
    label: 'return at the best ω > 1 minus mean and deviation of the data',
    gate: { atLeast: 0 },
    digits: 4,
  },
  { name: 'few', label: 'return with 10 evaluations over that with 100, best ω', gate: { atLeast: 0.98 }, digits: 4 },
];
const reports: Metric[] = [
  ...EVALUATIONS.flatMap((count) =>
    WEIGHTS.map(
      (weight): Metric => ({
        name: `return${weight}At${count}`,
        label: `return, ω = ${weight}, ${count} evaluations`,
        digits: 4,
      }),
    ),
  ),
  { name: 'data', label: 'mean return of the data', baseline: true, digits: 4 },
  { name: 'deviation', label: 'its deviation', baseline: true, digits: 4 },
  { name: 'behaviour', label: 'behaviour of the data on the test tasks', baseline: true, digits: 4 },
  { name: 'oracle', label: 'straight to the goal', baseline: true, digits: 4 },
];

/** Planning of a point's way by a guided flow: Zheng et al. 2023, section 5.3, in a world of our own. */
const planningPart = (name: string, path: PathName, words: string): Part => ({
  name,
  summary: `ways of a point to its goal, planned anew every ${REPLAN} of ${HORIZON} moves by a guided flow, ${words}`,
  minutes: 8,
  efforts: ['quick'],
  metrics: path === 'ot' ? [...orders, ...reports] : reports,
  run: (context) => run(context, path),
});

export const planning = planningPart('planning', 'ot', 'along the straight path');
/** What the paper compares with: the path of diffusion models, which is said to need a hundred evaluations. */
export const planningDiffusion = planningPart('planning-diffusion', 'vp', 'along the diffusion path');

async function run(context: PartContext, path: PathName): Promise<Outcome> {
  const { seed, effort, kept, work } = context;
  const sizes = effort === 'quick' ? SIZES.quick : SIZES.plain;
  const key = (use: number): random.Key => random.foldIn(random.key(seed), 10 + use);
  // Tasks and what the data were made by are drawn in f64.
  const [drawn, made] = [onHost(drawnTasks), onHost(behaviour)];
  const data = lived(await drawn(key(0), sizes.episodes), await made(key(1), sizes.episodes));
  const network = plannerNetwork(sizes.width);
  const { params } = await trainedPlanner(context, network, data, { ...sizes, path });
  const inverse = jit(await trainedInverse(context, data, sizes.inverse));
  const scale = await planScale(data);
  const { scheduler: _, last } = PATHS[path];

  const plan = jit(
    (own: MlpParams, x0: Tensor, places: Tensor, wish: Tensor, weight: number, steps: number): Tensor => {
      const given = { condition: { places, wish }, empty: { places, wish: wish.mul(0).add(tensor([...NO_RETURN])) } };
      const model = (x: Tensor, t: Tensor, at: typeof given.condition): Tensor =>
        network.velocity(own, x, t, at.places, at.wish);
      const guided = guidedModel(model, weight, given);
      return scale.offsets(sampleOde(guided, x0, { solver: midpoint(), steps, t1: last }).ys);
    },
    { staticArgnums: [4, 5] },
  );
  const [least, most] = [Math.min(...data.returns), Math.max(...data.returns)];
  const share = (value: number): number => (value - least) / (most - least);
  const mean = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const ask = askedReturns(data);
  const tasks = await drawn(key(2), sizes.tests);

  /** Mean return of the test tasks, and the ways. */
  async function planned(weight: number, evaluations: number): Promise<{ value: number; ways: Float64Array }> {
    const now: Task[] = tasks.map(({ start, goal }) => ({ start: start.slice(), goal }));
    const ways = new Float64Array(tasks.length * PLAN);
    let total = 0;
    for (let k = 0; k < HORIZON; k += REPLAN) {
      const wish = tensor(
        Float32Array.from(now.flatMap(({ start, goal }) => [scale.standardised(ask(distance(start, goal))), 1])),
        { shape: [now.length, NO_RETURN.length] },
      );
      const noise = random.normal(random.foldIn(key(3), k), [now.length, PLAN]);
      const offsets = await plan(params, noise, placesOf(now), wish, weight, evaluations / 2).data();
      const starts = now.map(({ start }) => start.slice());
      for (let j = 0; j < REPLAN; j++) {
        const from = now.flatMap(({ start }) => [...start]);
        const to = starts.flatMap((start, i) => [0, 1].map((axis) => start[axis] + offsets[i * PLAN + 2 * j + axis]));
        const [a, b] = [from, to].map((values) => tensor(Float32Array.from(values), { shape: [now.length, 2] }));
        const moves = await inverse(a, b).data();
        for (const [i, { start, goal }] of now.entries()) {
          moved(start, [moves[2 * i], moves[2 * i + 1]]);
          ways.set(start, i * PLAN + 2 * (k + j));
          total -= distance(start, goal) / (HORIZON * now.length);
        }
      }
    }
    return { value: share(total), ways };
  }

  const figures: Record<string, number> = {};
  const ways: Record<number, number[]> = {};
  for (const [i, count] of EVALUATIONS.entries()) {
    for (const [j, weight] of WEIGHTS.entries()) {
      const found = await kept(`weight-${weight}-at-${count}`, async () => {
        const { value, ways } = await planned(weight, count);
        return { value, ways: Array.from(ways.slice(0, SHOWN * PLAN), (at) => Math.round(1e4 * at) / 1e4) };
      });
      figures[`return${weight}At${count}`] = found.value;
      if (i === 0) ways[weight] = found.ways;
      work.progress('plans', i * WEIGHTS.length + j + 1, EVALUATIONS.length * WEIGHTS.length);
      await new Promise((resolve) => setTimeout(resolve));
      work.signal.throwIfAborted();
    }
  }
  const shares = data.returns.map(share);
  figures.data = mean(shares);
  figures.deviation = Math.sqrt(mean(shares.map((value) => (value - figures.data) ** 2)));
  figures.behaviour = share(mean(lived(tasks, await made(key(4), tasks.length)).returns));
  figures.oracle = share(mean(lived(tasks, straight).returns));
  if (path === 'ot') {
    const best = WEIGHTS.filter((weight) => weight > 1).reduce((a, b) =>
      figures[`return${b}At10`] > figures[`return${a}At10`] ? b : a,
    );
    figures.gain = figures[`return${best}At10`] - figures.return1At10;
    figures.beyond = figures[`return${best}At10`] - figures.data - figures.deviation;
    figures.few = figures[`return${best}At10`] / figures[`return${best}At100`];
  }
  const caption = `${PATHS[path].words} path, ${sizes.steps.toLocaleString('en')} steps of training, seed ${seed}.`;
  return { figures, pictures: { ways: drawnWays(tasks, ways, figures, caption) } };
}

/** Test tasks in the picture. */
const SHOWN = 6;

/** The return to ask for from a distance: a high one of the data that began about as far away, so that nothing is made up. */
function askedReturns({ tasks, returns }: ReturnType<typeof lived>): (from: number) => number {
  const rows = tasks
    .map(({ start, goal }, i) => ({ from: distance(start, goal), value: returns[i] }))
    .sort((a, b) => a.from - b.from);
  return (from) => {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].from < from) low = middle + 1;
      else high = middle;
    }
    const begin = Math.max(0, Math.min(rows.length - NEIGHBOURS, low - NEIGHBOURS / 2));
    const values = rows
      .slice(begin, begin + NEIGHBOURS)
      .map(({ value }) => value)
      .sort((a, b) => a - b);
    return values[Math.floor(ASKED * (values.length - 1))];
  };
}

function drawnWays(
  tasks: readonly Task[],
  ways: Readonly<Record<number, readonly number[]>>,
  figures: Readonly<Record<string, number>>,
  caption: string,
): string {
  const domain = { x: [0, 1], y: [0, 1] } as const;
  const colors = ['#1f6fb2', '#e0246a', '#3a9b7a', '#7a5fb5', '#c77d0a', '#5a6b75'];
  return figure({
    title: 'Ways of a point, planned by a flow',
    subtitle: 'From the small dots to the large ones; guidance (ω > 1) asks more firmly for a high return',
    caption: `${SHOWN} tasks, 10 evaluations a plan; ${caption}`,
    panels: ([0, 1, 2] as const).map((weight) => ({
      kind: 'points',
      title: `ω = ${weight}: mean return ${figures[`return${weight}At10`].toFixed(3)}`,
      domain,
      series: Array.from({ length: SHOWN }, (_, i) => i).flatMap((i) => [
        {
          points: [...tasks[i].start, ...ways[weight].slice(i * PLAN, (i + 1) * PLAN)],
          color: colors[i],
          radius: 2,
          opacity: 0.9,
        },
        { points: tasks[i].goal, color: colors[i], radius: 6, opacity: 0.6 },
      ]),
    })),
  });
}
