import { adam, appendTime, cosineSchedule, ema, type MlpParams, mlp } from '@flowfield/nn';
import { midpoint } from '@flowfield/ode-solvers';
import { affinePath, conditionalFlowMatchingLoss, condOTScheduler, dropConditions } from '@flowfield/paths';
import { guided, guidedModel, mapBatches, sampleOde, slicedWasserstein } from '@flowfield/samplers';
import { concat, jit, oneHot, onHost, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { generated } from '@flowfield/train';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { CLASSES, exactFields, labelledRing, shareOf } from './ringData.ts';

const WEIGHTS = [1, 2, 4] as const;
/** The label that stands for none. */
const NONE = CLASSES;
const DROP = 0.2;
const BATCH = 512;
const ODE_STEPS = 50;
const SOLVER_BATCH = 2000;
const PROJECTIONS = 32;
/** Steps and samples for each class and weight, by effort. */
const SIZES = { plain: { steps: 10_000, samples: 20_000 }, quick: { steps: 1500, samples: 1000 } } as const;

const scheduler = condOTScheduler();
const path = affinePath(scheduler);
const net = mlp({ inputs: 3 + CLASSES + 1, hidden: [128, 128, 128], outputs: 2, activation: 'silu' });
const model = (params: MlpParams, x: Tensor, t: Tensor, label: Tensor): Tensor =>
  net.apply(params, concat([appendTime(x, t), oneHot(label, CLASSES + 1, { dtype: 'f32' })], -1));

const metrics: Metric[] = [
  { name: 'w1At1', label: 'sliced W1 to the exact guided ODE, ω = 1, worst class', gate: { atMost: 0.06 } },
  { name: 'w1At2', label: 'the same, ω = 2', gate: { atMost: 0.1 } },
  { name: 'w1At4', label: 'the same, ω = 4' },
  ...WEIGHTS.map(
    (weight): Metric => ({
      name: `meanAt${weight}`,
      label: `sliced W1 to the exact guided ODE, ω = ${weight}, mean of the classes`,
    }),
  ),
  ...WEIGHTS.map(
    (weight): Metric => ({
      name: `rightAt${weight}`,
      label: `samples nearest to their class, ω = ${weight}`,
    }),
  ),
  ...WEIGHTS.map(
    (weight): Metric => ({
      name: `exactRightAt${weight}`,
      label: `samples nearest to their class, exact field, ω = ${weight}`,
      baseline: true,
    }),
  ),
];

/** Guidance of a learned field against that of the exact one: Zheng et al. 2023, section 3. */
export const ring: Part = {
  name: 'ring',
  summary: 'guidance on a ring of 8 Gaussian classes, learned by 3 x 128 against the exact fields',
  minutes: 3,
  efforts: ['quick'],
  metrics,
  run,
};

async function run({ seed, effort, trained, kept, work }: PartContext): Promise<Outcome> {
  const { steps, samples } = effort === 'quick' ? SIZES.quick : SIZES.plain;
  const key = (use: number): random.Key => random.foldIn(random.key(seed), use);
  const { params } = await trained('model', {
    params: net.init(random.key(seed)),
    loss: (params: MlpParams, { x1, label }: { x1: Tensor; label: Tensor }, lossKey: random.Key): Tensor => {
      const [noise, time, drop] = random.split(lossKey, 3);
      const given = dropConditions(label, { key: drop, rate: DROP, empty: NONE });
      const velocity = (x: Tensor, t: Tensor): Tensor => model(params, x, t, given);
      const t = random.uniform(time, [BATCH]);
      return conditionalFlowMatchingLoss({ velocity, path }, random.normal(noise, [BATCH, 2]), x1, t);
    },
    batches: generated((batchKey) => labelledRing(batchKey, BATCH)),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 3e-3, steps }) }),
    ema: ema({ decay: effort === 'quick' ? 0.99 : 0.999 }),
    steps,
    innerSteps: 20,
    logEvery: 20,
  });

  const solve = { solver: midpoint(), steps: ODE_STEPS };
  const learned = jit(
    (params: MlpParams, x0: Tensor, label: Tensor, weight: number): Tensor => {
      const condition = label.broadcastTo([x0.shape[0]]);
      const field = (x: Tensor, t: Tensor, at: Tensor): Tensor => model(params, x, t, at);
      const empty = condition.mul(0).add(NONE);
      return sampleOde(guidedModel(field, weight, { condition, empty }), x0, solve).ys;
    },
    { staticArgnums: [3] },
  );
  const exact = jit(
    (x0: Tensor, label: number, weight: number) =>
      sampleOde(guided(exactFields(scheduler, label), weight), x0, solve).ys,
    {
      staticArgnums: [1, 2],
    },
  );
  const noise = random.normal(key(1), [samples, 2]);
  const pushed = (f: (x: Tensor) => Tensor) => mapBatches(f, noise, { batchSize: SOLVER_BATCH, signal: work.signal });

  const figures: Record<string, number> = {};
  const clouds: { weight: number; learned: number[]; exact: number[] }[] = [];
  for (const [i, weight] of WEIGHTS.entries()) {
    const found = await kept(`weight-${weight}`, async () => {
      const rows = { w1: [] as number[], right: [] as number[], exactRight: [] as number[] };
      const cloud = { weight, learned: [] as number[], exact: [] as number[] };
      for (let label = 0; label < CLASSES; label++) {
        const mine = await pushed((x) => learned(params, x, tensor(label, { dtype: 'i32' }), weight));
        const truth = await pushed((x) => exact(x, label, weight));
        rows.w1.push(await onHost(slicedWasserstein)(mine, truth, { key: key(2), projections: PROJECTIONS }));
        rows.right.push(shareOf(label, await mine.data()));
        rows.exactRight.push(shareOf(label, await truth.data()));
        cloud.learned.push(...(await mine.slice([0, 300]).data()));
        cloud.exact.push(...(await truth.slice([0, 300]).data()));
        work.progress('guidance', i * CLASSES + label + 1, WEIGHTS.length * CLASSES);
      }
      return { ...rows, cloud };
    });
    const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
    figures[`w1At${weight}`] = Math.max(...found.w1);
    figures[`meanAt${weight}`] = mean(found.w1);
    figures[`rightAt${weight}`] = mean(found.right);
    figures[`exactRightAt${weight}`] = mean(found.exactRight);
    clouds.push(found.cloud);
  }
  return {
    figures,
    pictures: { samples: drawn(clouds, figures, `${steps.toLocaleString('en')} training steps, seed ${seed}.`) },
  };
}

function drawn(
  clouds: readonly { weight: number; learned: number[]; exact: number[] }[],
  figures: Record<string, number>,
  words: string,
): string {
  const domain = { x: [-3.6, 3.6], y: [-3.6, 3.6] } as const;
  return figure({
    title: 'Guidance on a ring of eight classes',
    subtitle: 'The exact guided flow (blue) and the learned one (red): beyond ω = 1 classes move out and shrink',
    caption: `300 samples a class; sliced W1 is that of the worst class; ${words}`,
    panels: clouds.map(({ weight, learned, exact }) => ({
      kind: 'points',
      title: `ω = ${weight}: sliced W1 ${figures[`w1At${weight}`].toFixed(3)}`,
      domain,
      series: [{ points: exact }, { points: learned, color: '#e0246a' }],
    })),
  });
}
