import { euler } from '@flowfield/ode-solvers';
import { sampleOde, slicedWasserstein } from '@flowfield/samplers';
import { jit, onHost, random, type Tensor } from '@flowfield/tensor-webgpu';
import { gaussianMixture, ringParts } from '../mixtures/gaussianMixture.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import {
  distanceMetrics,
  fewSteps,
  type ScheduleName,
  scheduleNames,
  schedulesFor,
  scheduleWords,
  startScale,
} from './schedules.ts';

/** Euler steps, one evaluation each. */
const STEPS = [4, 6, 8, 10] as const;
/** Two samples of 20,000 are as far apart as the best schedule is from the data. */
const POINTS = 200_000;
const PROJECTIONS = 32;
/** Radius and deviation make the mean squared norm 2, the dimension. */
const DEVIATION = 0.12;
const ring = gaussianMixture(ringParts({ count: 8, deviation: DEVIATION, radius: Math.sqrt(2 - 2 * DEVIATION ** 2) }));

const metrics: Metric[] = [
  { name: 'worstToOt', label: 'sliced W1, kinetic-optimal over CondOT, worst of 4 to 10 steps', gate: { atMost: 0.5 } },
  { name: 'worstToCosine', label: 'the same over cosine', gate: { atMost: 0.75 } },
  ...distanceMetrics(STEPS),
];

/** Few Euler steps of the exact field on a ring of 8 Gaussians: Shaul et al. 2023, section 5. */
export const fewStepsExact: Part = {
  name: 'few-steps-exact',
  summary: 'few Euler steps of the exact field on a ring of 8 Gaussians, three schedules',
  minutes: 1,
  metrics,
  run,
};

async function run({ seed, work, kept }: PartContext): Promise<Outcome> {
  const key = (use: number): random.Key => random.foldIn(random.key(seed), use);
  const separation = await onHost((own: random.Key) => ring.separation({ key: own, draws: 20_000, nodes: 401 }))(
    key(1),
  );
  const schedules = schedulesFor(separation);
  const data = ring.sample(key(2), POINTS);
  const noise = random.normal(key(3), [POINTS, 2]);
  const directions = key(4);
  const distance = (x: Tensor): Promise<number> =>
    onHost(slicedWasserstein)(x, data, { key: directions, projections: PROJECTIONS });

  const figures: Record<string, number> = {};
  const clouds: { name: ScheduleName; points: Float32Array }[] = [];
  for (const [i, name] of scheduleNames.entries()) {
    const scheduler = schedules[name];
    const start = await onHost(startScale)(scheduler);
    for (const [j, steps] of STEPS.entries()) {
      const sample = jit((x0: Tensor): Tensor => {
        const grid = fewSteps(steps);
        return sampleOde(ring.velocity(scheduler), x0.mul(start), { solver: euler(), grid }).ys;
      });
      const x = sample(noise);
      figures[`w1${name}${steps}`] = await kept(`w1${name}${steps}`, () => distance(x));
      if (steps === STEPS[0]) clouds.push({ name, points: (await x.slice([0, 4000]).data()) as Float32Array });
      work.progress('schedules', i * STEPS.length + j + 1, scheduleNames.length * STEPS.length);
      work.signal.throwIfAborted();
    }
  }
  figures.floor = await kept('floor', () => distance(ring.sample(key(5), POINTS)));
  const worst = (other: ScheduleName): number =>
    Math.max(...STEPS.map((steps) => figures[`w1Ko${steps}`] / figures[`w1${other}${steps}`]));
  const domain = { x: [-2.2, 2.2], y: [-2.2, 2.2] } as const;
  return {
    figures: { ...figures, worstToOt: worst('Ot'), worstToCosine: worst('Cosine') },
    pictures: {
      ring: figure({
        title: 'A ring of Gaussians in four Euler steps of the exact field',
        subtitle: `Sliced W1 at ${STEPS[0]} evaluations: ${scheduleNames.map((name) => `${scheduleWords[name]} ${figures[`w1${name}${STEPS[0]}`].toFixed(3)}`).join(', ')}`,
        caption: `${POINTS.toLocaleString('en')} points, of which 4,000 are drawn; seed ${seed}.`,
        panels: clouds.map(({ name, points }) => ({
          kind: 'points',
          title: scheduleWords[name],
          domain,
          series: [{ points }],
        })),
      }),
      distances: figure({
        title: 'The error of few steps, by schedule',
        caption: `Euler on the exact field of a ring of 8 Gaussians, seed ${seed}.`,
        panelWidth: 520,
        aspect: 0.6,
        panels: [
          {
            kind: 'lines',
            x: { label: 'evaluations' },
            y: { label: 'sliced W1', log: true },
            series: scheduleNames.map((name) => ({
              label: scheduleWords[name],
              x: STEPS,
              y: STEPS.map((steps) => figures[`w1${name}${steps}`]),
              marked: true,
            })),
          },
        ],
      }),
    },
  };
}
