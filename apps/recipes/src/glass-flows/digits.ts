import { midpoint } from '@flowfield/ode-solvers';
import { condOTScheduler, convert } from '@flowfield/paths';
import {
  ancestral,
  bestOfN,
  eulerMaruyama,
  frechetDistance,
  glass,
  mapBatches,
  momentsOf,
  sampleOde,
  steer,
  type Transition,
  type Velocity,
} from '@flowfield/samplers';
import {
  arange,
  defaultDevice,
  jit,
  logSoftmax,
  onHost,
  random,
  repeat,
  type Tensor,
  takeAlongAxis,
  toHost,
} from '@flowfield/tensor-webgpu';
import { digitClassifier } from '../digits/digitClassifier.ts';
import { asPixels, centered, DIGITS, digitFiles, loadDigits } from '../digits/digitImages.ts';
import { SIDE, trainedLabelledField } from '../digits/labelledField.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';

const PARTICLES = [4, 8, 16] as const;
/** The number of particles whose samples are looked at closely. */
const CLOSELY = 8;
const TRANSITIONS = 10;
/** Evaluations of one transition, by every method. */
const PER_TRANSITION = 8;
/** With one look ahead before each transition. */
const EVALUATIONS = TRANSITIONS * (PER_TRANSITION + 1);
const RHO = 0.4;
/** Multiplies the reward ln p(class | x). */
const STRENGTH = 5;
const POPULATIONS = { plain: 300, best: 300, quick: 30 } as const;
const BOOTSTRAPS = 10;

const scheduler = condOTScheduler();
const methods = {
  glass: 'GLASS',
  ancestral: 'ancestral (DDPM) steps',
  maruyama: 'Euler-Maruyama',
  best: 'best of K by the ODE',
} as const;
type Method = keyof typeof methods;
const names = Object.keys(methods) as Method[];

const metrics: Metric[] = [
  ...names.flatMap((name): Metric[] => [
    ...PARTICLES.map(
      (count): Metric => ({
        name: `${name}Reward${count}`,
        label: `reward ln p(class | x), ${methods[name]}, K = ${count}`,
        digits: 4,
        ...(name !== 'glass' && { baseline: true }),
      }),
    ),
    ...(
      [
        ['RewardError', 'standard error of the reward', 4],
        ['Right', 'taken for their class by another judge, %', 2],
        ['Diversity', 'distance of two samples of a class over that of real digits', 3],
        ['DiversityError', 'standard error of the diversity', 3],
        ['Distance', 'Fréchet distance', 2],
        ['DistanceError', 'standard error of the Fréchet distance', 2],
      ] as const
    ).map(
      ([key, label, digits]): Metric => ({
        name: `${name}${key}`,
        label: `${label}, ${methods[name]}, K = ${CLOSELY}`,
        digits,
        ...(name !== 'glass' && { baseline: true }),
      }),
    ),
  ]),
  { name: 'plainReward', label: 'reward of one sample by the ODE', baseline: true, digits: 4 },
  { name: 'plainDistance', label: 'its Fréchet distance', baseline: true, digits: 2 },
  { name: 'floor', label: 'Fréchet distance of as many training digits', baseline: true, digits: 2 },
];

/** Steering of digits by a classifier at equal cost: Holderrieth et al. 2025, section 5, on what a laptop can train. */
export const digits: Part = {
  name: 'digits',
  summary: `digits by class steered to a classifier's log-probability, ${EVALUATIONS} evaluations a particle by every method`,
  minutes: 10,
  efforts: ['quick', 'best'],
  data: [digitFiles.images, digitFiles.labels],
  metrics,
  run,
};

interface Chosen {
  readonly reward: readonly number[];
  readonly images: Tensor;
}

async function run(context: PartContext): Promise<Outcome> {
  const { seed, effort, files, kept, work } = context;
  const populations = POPULATIONS[effort];
  const { train, held } = await loadDigits(files, SIDE);
  const judge = await digitClassifier(context, train, SIDE ** 2);
  const other = await digitClassifier(context, train, SIDE ** 2, { name: 'other-judge', draw: 902 });
  const { field, params } = await trainedLabelledField(context, train);
  const key = (use: number): random.Key => random.foldIn(random.key(seed), 30 + use);
  const classes = arange(0, populations).mod(DIGITS).astype('i32');

  const rewardOf = (x: Tensor, label: Tensor): Tensor =>
    takeAlongAxis(logSoftmax(judge.logits(centered(asPixels(x))), { axis: -1 }), label.expandDims(-1), -1).squeeze(-1);
  const velocityOf =
    (label: Tensor): Velocity =>
    (x, t) =>
      field.velocity(params, x, t, label);

  /** The best of each population of K particles. */
  async function search(name: Method, particles: number): Promise<Chosen> {
    const label = repeat(classes, particles, 0);
    const use = random.foldIn(key(names.indexOf(name)), particles);
    const x0 = random.normal(random.foldIn(use, 0), [label.shape[0], SIDE ** 2]);
    const velocity = velocityOf(label);
    const reward = (x: Tensor): Tensor => rewardOf(x, label);
    const searched = (transition: Transition) =>
      steer(transition, x0, {
        steps: TRANSITIONS,
        key: random.foldIn(use, 1),
        reward,
        value: (x, t) => reward(convert(scheduler, velocity(x, t), { from: 'velocity', to: 'data', xt: x, t })),
        strength: STRENGTH,
        particles,
        finalResampling: false,
        signal: work.signal,
        onProgress: ({ done, total }) => work.progress(`${methods[name]}, K = ${particles}`, done, total),
      });
    const ends =
      name === 'best'
        ? jit((x: Tensor): Tensor => sampleOde(velocity, x, { solver: midpoint(), steps: EVALUATIONS / 2 }).ys)(x0)
        : (await searched(transitionOf(name, velocity))).x;
    const { x, rewards } = await onHost(bestOfN)(ends, jit(reward)(ends), particles);
    return { reward: Array.from(rewards), images: centered(asPixels(x.to(defaultDevice().name))) };
  }

  const features = (x: Tensor): Promise<Tensor> => mapBatches(jit(judge.features), x, { batchSize: 1000 });
  const moments = onHost(momentsOf);
  const real = await moments(await features(centered(held.pixels)));
  const { mean: realSpread } = await spreads(await features(centered(held.pixels)), held.label);
  const figures: Record<string, number> = {};
  const shown: { title: string; images: number[] }[] = [];
  for (const name of names) {
    for (const particles of PARTICLES) {
      const found = await kept(`${name}-${particles}`, async () => {
        const { reward, images } = await search(name, particles);
        const own: Record<string, number> = { [`${name}Reward${particles}`]: average(reward) };
        if (particles === CLOSELY) {
          const seen = await features(images);
          const spread = await spreads(seen, classes);
          const distances: number[] = [];
          for (let i = 0; i < BOOTSTRAPS; i++) {
            const rows = random.randint(random.foldIn(key(20), i), [populations], 0, populations);
            distances.push(frechetDistance(await moments(seen.take(rows, { axis: 0 })), real));
          }
          own[`${name}RewardError`] = deviation(reward) / Math.sqrt(reward.length);
          own[`${name}Right`] = 100 * (await other.judged(images, classes)).accuracy;
          own[`${name}Diversity`] = spread.mean / realSpread;
          own[`${name}DiversityError`] = spread.error / realSpread;
          own[`${name}Distance`] = frechetDistance(await moments(seen), real);
          own[`${name}DistanceError`] = deviation(distances);
        }
        const pixels = await asPixels(images.slice([0, Math.min(populations, 4 * DIGITS)])).data();
        return { own, pixels: Array.from(pixels, (value) => Math.round(100 * value) / 100) };
      });
      Object.assign(figures, found.own);
      if (particles === CLOSELY) shown.push({ title: methods[name], images: found.pixels });
    }
  }
  Object.assign(
    figures,
    await kept('plain', async () => {
      const flow = jit(
        (x: Tensor): Tensor => sampleOde(velocityOf(classes), x, { solver: midpoint(), steps: EVALUATIONS / 2 }).ys,
      );
      const x = flow(random.normal(key(21), [populations, SIDE ** 2]));
      const [drawn, some] = [x, train.pixels.slice([0, populations])];
      return {
        plainReward: (await toHost(rewardOf(drawn, classes).mean())).item(),
        plainDistance: frechetDistance(await moments(await features(centered(asPixels(drawn)))), real),
        floor: frechetDistance(await moments(await features(centered(some))), real),
      };
    }),
  );
  return {
    figures,
    pictures: drawnSearches(
      shown,
      figures,
      `${populations} populations, ${EVALUATIONS} evaluations a particle, strength ${STRENGTH}, seed ${seed}.`,
    ),
  };
}

/** A proposal of `PER_TRANSITION` evaluations. */
function transitionOf(name: Exclude<Method, 'best'>, velocity: Velocity): Transition {
  if (name === 'glass') return glass(velocity, { scheduler, rho: RHO, steps: PER_TRANSITION / midpoint().stages });
  return name === 'ancestral'
    ? inSteps(ancestral(velocity, { scheduler }))
    : inSteps(eulerMaruyama(velocity, { scheduler, diffusion: 'memoryless' }));
}

/** A transition in `PER_TRANSITION` equal steps. */
function inSteps(step: Transition): Transition {
  const whole = (x: Tensor, t: Tensor, tNext: Tensor, key: random.Key): Tensor => {
    const at = (k: number): Tensor => (k === PER_TRANSITION ? tNext : t.add(tNext.sub(t).mul(k / PER_TRANSITION)));
    let now = x;
    for (let k = 0; k < PER_TRANSITION; k++) now = step(now, at(k), at(k + 1), random.foldIn(key, k));
    return now;
  };
  return Object.assign(whole, { evaluations: PER_TRANSITION * (step.evaluations ?? 1) });
}

/** How far features of one class are apart on average: the mean over classes and its standard error. */
async function spreads(features: Tensor, label: Tensor): Promise<{ mean: number; error: number }> {
  const [rows, width] = features.shape;
  const [values, labels] = await Promise.all([features.data(), label.data()]);
  const apart = Array.from({ length: DIGITS }, (_, digit) => {
    const own = Array.from({ length: rows }, (_, i) => i).filter((i) => labels[i] === digit);
    let [sum, pairs] = [0, 0];
    for (let a = 0; a < own.length; a++) {
      for (let b = 0; b < a; b++, pairs++) {
        let square = 0;
        for (let j = 0; j < width; j++) square += (values[own[a] * width + j] - values[own[b] * width + j]) ** 2;
        sum += Math.sqrt(square);
      }
    }
    return sum / pairs;
  });
  return { mean: average(apart), error: deviation(apart) / Math.sqrt(DIGITS) };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number => {
  const mean = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
};

function drawnSearches(
  shown: readonly { title: string; images: number[] }[],
  figures: Readonly<Record<string, number>>,
  caption: string,
): Record<string, string> {
  return {
    samples: figure({
      title: `Digits that a classifier chose, K = ${CLOSELY}`,
      subtitle: `Reward ln p(class | x): one sample without a search ${figures.plainReward.toFixed(3)}`,
      caption,
      panelWidth: 330,
      aspect: 0.4,
      columns: 2,
      panels: shown.map(({ title, images }, i) => ({
        kind: 'images',
        title: `${title}: ${figures[`${names[i]}Reward${CLOSELY}`].toFixed(3)}`,
        values: images,
        width: SIDE,
        height: SIDE,
        columns: DIGITS,
      })),
    }),
    rewards: figure({
      title: 'What more particles bring',
      caption,
      panelWidth: 460,
      aspect: 0.6,
      panels: [
        {
          kind: 'lines',
          x: { label: 'particles', log: true },
          y: { label: '-ln p(class | x)', log: true },
          series: names.map((name) => ({
            label: methods[name],
            x: PARTICLES,
            y: PARTICLES.map((count) => -figures[`${name}Reward${count}`]),
            marked: true,
          })),
        },
      ],
    }),
  };
}
