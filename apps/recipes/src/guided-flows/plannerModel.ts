import { adam, cosineSchedule, ema, type MlpParams, mlp, sinusoidalFeatures } from '@flowfield/nn';
import {
  affinePath,
  conditionalFlowMatchingLoss,
  condOTScheduler,
  dropConditions,
  vpScheduler,
} from '@flowfield/paths';
import { concat, random, type Tensor, tensor, toHost } from '@flowfield/tensor-webgpu';
import { randomRows } from '@flowfield/train';
import type { PartContext, Trained } from '../part.ts';
import { type Episodes, HORIZON } from './pointMass.ts';

/** Numbers of a plan: the positions after each move. */
export const PLAN = 2 * HORIZON;
/** Start and goal, which are always known. */
const PLACES = 4;
const DROP = 0.2;
const BATCH = 512;

export const PATHS = {
  ot: { scheduler: condOTScheduler(), last: 1, words: 'straight' },
  /** σ' of the diffusion path is infinite at t = 1. */
  vp: { scheduler: vpScheduler(), last: 1 - 1e-5, words: 'diffusion' },
} as const;
export type PathName = keyof typeof PATHS;

/** What the return of a plan is known by: [standardised return, 1], or [0, 0] for none. */
export const NO_RETURN = [0, 0] as const;

/** Plans as the network sees them: offsets from the start, of mean 0 and deviation 1 in each coordinate. */
export async function planScale(episodes: Episodes) {
  const offsets = offsetsOf(episodes);
  const mean = offsets.mean({ axis: 0 });
  const deviation = offsets.sub(mean).square().mean({ axis: 0 }).sqrt();
  const returns = tensor(Float32Array.from(episodes.returns));
  const spreads = [returns.mean(), returns.sub(returns.mean()).square().mean().sqrt()];
  const [center, spread] = (await toHost(spreads)).map((value) => value.item());
  return {
    plans: offsets.sub(mean).div(deviation),
    /** Back to offsets. */
    offsets: (plan: Tensor): Tensor => plan.mul(deviation).add(mean),
    standardised: (value: number): number => (value - center) / spread,
  };
}

function offsetsOf({ tasks, positions }: Episodes): Tensor {
  const offsets = Float32Array.from(positions, (value, j) => value - tasks[Math.floor(j / PLAN)].start[j % 2]);
  return tensor(offsets, { shape: [tasks.length, PLAN] });
}

/** Start and goal of tasks, around 0. */
export const placesOf = (tasks: Episodes['tasks']): Tensor =>
  tensor(Float32Array.from(tasks.flatMap(({ start, goal }) => [...start, ...goal].map((value) => 2 * value - 1))), {
    shape: [tasks.length, PLACES],
  });

/** A velocity on plans under start, goal and, where it is known, return. */
export function plannerNetwork(width: number) {
  const time = sinusoidalFeatures({ size: 32, scale: 100 });
  const net = mlp({
    inputs: PLAN + time.outputs + PLACES + NO_RETURN.length,
    hidden: [width, width, width],
    outputs: PLAN,
    activation: 'silu',
  });
  return {
    init: net.init,
    velocity: (params: MlpParams, x: Tensor, t: Tensor, places: Tensor, wish: Tensor): Tensor =>
      net.apply(params, concat([x, time.apply(t), places, wish], -1)),
  };
}

/** Flow matching of plans; the return of a row is dropped now and then, start and goal never. */
export async function trainedPlanner(
  { seed, trained }: PartContext,
  network: ReturnType<typeof plannerNetwork>,
  episodes: Episodes,
  { path: name, steps, average }: { path: PathName; steps: number; average: number },
): Promise<Trained<MlpParams>> {
  const { scheduler, last } = PATHS[name];
  const path = affinePath(scheduler);
  const scale = await planScale(episodes);
  const wishes = Float32Array.from([...episodes.returns].flatMap((value) => [scale.standardised(value), 1]));
  const rows = {
    x1: scale.plans,
    places: placesOf(episodes.tasks),
    wish: tensor(wishes, { shape: [episodes.tasks.length, NO_RETURN.length] }),
  };
  return trained(`planner-${name}`, {
    params: network.init(random.foldIn(random.key(seed), 1)),
    loss: (params: MlpParams, { x1, places, wish }: typeof rows, key: random.Key): Tensor => {
      const [noise, time, drop] = random.split(key, 3);
      const given = dropConditions(wish, { key: drop, rate: DROP, empty: tensor([...NO_RETURN]) });
      const velocity = (x: Tensor, t: Tensor): Tensor => network.velocity(params, x, t, places, given);
      const t = random.uniform(time, [BATCH]).mul(last);
      return conditionalFlowMatchingLoss({ velocity, path }, random.normal(noise, x1.shape), x1, t);
    },
    batches: randomRows(rows, { batchSize: BATCH }),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 1e-3, steps }) }),
    ema: ema({ decay: average }),
    steps,
    innerSteps: 20,
    logEvery: 20,
  });
}

/** The move between two positions, by regression on the moves of the data (2 x 64). */
export async function trainedInverse({ seed, trained }: PartContext, episodes: Episodes, steps: number) {
  const net = mlp({ inputs: 4, hidden: [64, 64], outputs: 2, activation: 'silu' });
  const { tasks, positions, moves } = episodes;
  const before = positions.map((_, j) => (j % PLAN < 2 ? tasks[Math.floor(j / PLAN)].start[j % 2] : positions[j - 2]));
  const pairs = (from: Float64Array, to: Float64Array): Tensor => {
    const [a, b] = [from, to].map((values) => tensor(Float32Array.from(values), { shape: [values.length / 2, 2] }));
    return pairOf(a, b);
  };
  // Moves in hundredths: outputs near 1 are learned at the usual rates.
  const rows = {
    pair: pairs(before, positions),
    move: tensor(
      Float32Array.from(moves, (value) => 100 * value),
      { shape: [moves.length / 2, 2] },
    ),
  };
  const { params } = await trained('inverse', {
    params: net.init(random.foldIn(random.key(seed), 2)),
    loss: (own: MlpParams, { pair, move }: typeof rows): Tensor => net.apply(own, pair).sub(move).square().mean(),
    batches: randomRows(rows, { batchSize: BATCH }),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 3e-3, steps }) }),
    steps,
    innerSteps: 50,
    logEvery: 200,
  });
  return (from: Tensor, to: Tensor): Tensor => net.apply(params, pairOf(from, to)).div(100);
}

/** Where a move starts, around 0, and where it leads, in tenths. */
const pairOf = (from: Tensor, to: Tensor): Tensor => concat([from.mul(2).sub(1), to.sub(from).mul(10)], -1);
