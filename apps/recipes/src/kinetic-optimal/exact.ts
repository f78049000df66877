import {
  affinePath,
  condOTScheduler,
  cosineScheduler,
  type DataSeparation,
  kineticEnergy,
  kineticOptimalScheduler,
  type Scheduler,
  separationOf,
} from '@flowfield/paths';
import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { gaussianMixture } from '../mixtures/gaussianMixture.ts';
import type { Outcome, Part, PartContext } from '../part.ts';

/** Points on a line with their weights, and what follows from them: Φ, KE*, KE of CondOT and of the cosine schedule. */
const three = scaled([-1.3, 0.2, 1.6], [0.3, 0.4, 0.3]);
const TABLE = {
  three: [0.596054, 0.344885, 0.812648, 0.602313],
  two: [0.691264, 0.459119, 0.982398, 0.868956],
  normal: [0, 0, 2 - Math.PI / 2, 0],
} as const;
/** α and σ at t = .25, .5, .75 for the points -1 and 1. */
const TWO_POINT_PATH = [
  [0.807138, 0.884796, 0.94261],
  [0.512293, 0.319931, 0.159378],
] as const;
const DRAWS = 400_000;

/** Closed forms of kinetic-optimal paths: Shaul et al. 2023, sections 3 and 4. */
export const exact: Part = {
  name: 'exact',
  summary: 'energies, angles and schedules of data whose separation is known',
  minutes: 0.3,
  onlyCpu: 'it computes in float64',
  seeds: [0],
  metrics: [
    {
      name: 'tables',
      label: 'Φ and three energies for three kinds of data, largest error',
      gate: { atMost: 2e-6 },
      digits: 8,
    },
    { name: 'energy', label: 'energy of the computed schedule minus 4 sin²(Φ/2)', gate: { atMost: 1e-6 }, digits: 9 },
    { name: 'path', label: 'α and σ for the points -1 and 1, largest error', gate: { atMost: 1e-4 }, digits: 7 },
    { name: 'pathSingle', label: 'the same, float32', gate: { atMost: 1e-4 }, digits: 7 },
    { name: 'straight', label: 'far points: distance to CondOT', gate: { atMost: 1e-12 }, digits: 15 },
    { name: 'radius', label: 'r² minus 1 - b t (1 - t), largest', gate: { atMost: 1e-8 }, digits: 10 },
    {
      name: 'sampled',
      label: 'energy of the exact velocity by 400,000 draws, standard errors off',
      gate: { atMost: 3 },
    },
  ],
  run,
};

async function run({ seed }: PartContext): Promise<Outcome> {
  const separations: Record<keyof typeof TABLE, DataSeparation> = {
    three: separationOf((snr) => lineVariance(three.points, three.weights, snr)),
    two: separationOf((snr) => lineVariance([-1, 1], [0.5, 0.5], snr)),
    normal: separationOf((snr) => 1 / (1 + snr ** 2)),
  };
  const rows = Object.entries(TABLE).flatMap(([name, expected]) => {
    const separation = separations[name as keyof typeof TABLE];
    const energies = [condOTScheduler(), cosineScheduler()].map((scheduler) => kineticEnergy(scheduler, separation));
    return [separation.total, separation.leastEnergy, ...energies].map((value, i) => Math.abs(value - expected[i]));
  });
  const optimal = { three: kineticOptimalScheduler(separations.three), two: kineticOptimalScheduler(separations.two) };
  const energy = (['three', 'two'] as const).map((name) =>
    Math.abs(kineticEnergy(optimal[name], separations[name]) - separations[name].leastEnergy),
  );
  const pathError = (dtype: 'f32' | 'f64'): number => {
    const t = tensor([0.25, 0.5, 0.75], { dtype });
    return Math.max(
      ...[optimal.two.alpha(t), optimal.two.sigma(t)].flatMap((found, i) =>
        Array.from(found.dataSync(), (value, j) => Math.abs(value - TWO_POINT_PATH[i][j])),
      ),
    );
  };
  const t = tensor(
    Array.from({ length: 101 }, (_, i) => i / 100),
    { dtype: 'f64' },
  );
  const far = kineticOptimalScheduler(separationOf(() => 0));
  const radius = optimal.two.alpha(t).square().add(optimal.two.sigma(t).square());
  const bow = t.mul(t.sub(1)).mul(separations.two.leastEnergy).add(1);
  return {
    figures: {
      tables: Math.max(...rows),
      energy: Math.max(...energy),
      path: pathError('f64'),
      pathSingle: pathError('f32'),
      straight: largest(far.alpha(t).sub(t)) + largest(far.sigma(t).add(t).sub(1)),
      radius: largest(radius.sub(bow)),
      sampled: sampledEnergy(condOTScheduler(), TABLE.three[2], random.key(seed)),
    },
  };
}

const largest = (x: Tensor): number => x.abs().max().item();

/** How many standard errors E|u_t(x_t)|² by draws of t, x_1 and x_0 is from the energy. */
function sampledEnergy(scheduler: Scheduler, expected: number, key: random.Key): number {
  const mixture = gaussianMixture({
    weights: three.weights,
    means: three.points.map((point) => [point]),
    variances: three.points.map(() => 0),
  });
  const [dataKey, noiseKey, timeKey] = random.split(key, 3);
  // At t = 1 points without width leave 0 / 0.
  const t = random.uniform(timeKey, [DRAWS], { dtype: 'f64' }).mul(1 - 1e-9);
  const x0 = random.normal(noiseKey, [DRAWS, 1], { dtype: 'f64' });
  const { xt } = affinePath(scheduler).sample({ x0, x1: mixture.sample(dataKey, DRAWS, 'f64'), t });
  const squares = mixture.velocity(scheduler)(xt, t).square().sum({ axis: 1 });
  const mean = squares.mean().item();
  return Math.abs(mean - expected) / (squares.std().item() / Math.sqrt(DRAWS));
}

/** Divided by the root mean square. */
function scaled(points: readonly number[], weights: readonly number[]) {
  const scale = Math.sqrt(points.reduce((sum, point, i) => sum + weights[i] * point ** 2, 0));
  return { points: points.map((point) => point / scale), weights };
}

/** E Var(x | s x + e) for points on a line: the trapezoid rule in e, which converges exponentially. */
function lineVariance(points: readonly number[], weights: readonly number[], snr: number): number {
  const [reach, step] = [9, 0.05];
  let total = 0;
  for (let e = -reach; e <= reach; e += step) {
    const density = (step * Math.exp((-e * e) / 2)) / Math.sqrt(2 * Math.PI);
    for (let j = 0; j < points.length; j++) {
      let [mass, first, second] = [0, 0, 0];
      for (let i = 0; i < points.length; i++) {
        const gap = points[i] - points[j];
        // exp(-|y - s x_i|² / 2 + e² / 2) with y = s x_j + e
        const weight = weights[i] * Math.exp(snr * gap * e - (snr * gap) ** 2 / 2);
        mass += weight;
        first += weight * gap;
        second += weight * gap * gap;
      }
      total += density * weights[j] * (second / mass - (first / mass) ** 2);
    }
  }
  return total;
}
