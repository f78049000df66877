import {
  adjustedRandIndex,
  applyMap,
  equivarianceError,
  equivariantMaps,
  partition,
  randIndex,
  type Set2GraphOptions,
  samePart,
  set2Graph,
} from '@flowfield/equivariant-layers';
import { concat, eye, linalg, random, type Tensor, tensor, valueAndGrad, zeros } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import { largestDifference, relativeDifference } from '../symmetry/differences.ts';
import { delaunayFaults } from './delaunayLaws.ts';

/** Parameters of the networks of the parts, as the paper's layers have them. */
const COUNTS: readonly (Omit<Set2GraphOptions, 'inputs'> & { readonly count: number })[] = [
  { count: 141_314, set: [128, 128, 128, 128, 64], edge: [64, 64], diagonal: true },
  { count: 83_138, set: [128, 128, 128, 128, 64], edge: [64, 64], diagonal: true, context: 'none' },
  { count: 495_490, set: [256, 256, 256, 256, 64], edge: [128, 128], diagonal: true },
  { count: 158_018, set: [128, 128, 128, 128, 32], edge: [128, 128], diagonal: true },
  { count: 108_321, set: [128, 128, 128, 128, 16], edge: [128] },
];
/** Ranks of the five maps from vectors to matrices on 1, 2, 3 and 4 elements. */
const RANKS = [1, 4, 5, 5];

export const exact: Part = {
  name: 'exact',
  summary: 'equivariance, symmetry, broadcasts, padding and derivatives of the network; triangulations and partitions',
  minutes: 0.3,
  onlyCpu: 'it computes in float64',
  seeds: [0],
  metrics: [
    { name: 'errorF64', label: 'error of equivariance, float64', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'errorF32', label: 'error of equivariance, float32', gate: { atMost: 1e-5 }, digits: 8 },
    { name: 'asymmetry', label: 'difference of (i, j) and (j, i)', gate: { atMost: 0 }, digits: 0 },
    { name: 'wrongCounts', label: 'networks with another number of parameters', gate: { atMost: 0 }, digits: 0 },
    {
      name: 'wrongRanks',
      label: 'ranks of the five broadcasts that are not 1, 4, 5, 5',
      gate: { atMost: 0 },
      digits: 0,
    },
    { name: 'padding', label: 'a padded set against the set alone', gate: { atMost: 1e-6 }, digits: 9 },
    { name: 'gradient', label: 'derivatives against differences, relative', gate: { atMost: 1e-6 }, digits: 10 },
    { name: 'delaunayFaults', label: 'triangulations that break a law, of 1,000', gate: { atMost: 0 }, digits: 0 },
    {
      name: 'closureFaults',
      label: 'partitions that their own pairs do not give back',
      gate: { atMost: 0 },
      digits: 0,
    },
    { name: 'chance', label: 'adjusted Rand index of random labels, mean', gate: { atLeast: -0.02, atMost: 0.02 } },
  ],
  async run({ seed }) {
    const key = random.key(seed);
    const options = { inputs: 2, set: [32, 32, 16], edge: [32], diagonal: true } as const;
    const net = set2Graph({ ...options, dtype: 'f64' });
    const plus = set2Graph({ ...options, broadcast: 'S2G+', output: 'directed', dtype: 'f64' });
    const x = random.normal(random.foldIn(key, 0), [12, 2], { dtype: 'f64' });
    const error = (dtype: 'f32' | 'f64') =>
      Math.max(
        ...[net, plus].map((one) => equivarianceError(one, { input: x, key: random.foldIn(key, 1), dtype }).max),
      );
    const params = net.init(random.foldIn(key, 2));
    const y = net.apply(params, x);
    const padded = net.apply(params, concat([x, zeros([5, 2], { dtype: 'f64' })], 0), {
      mask: Array.from({ length: 17 }, (_, i) => i < 12),
    });
    return {
      figures: {
        errorF64: error('f64'),
        errorF32: error('f32'),
        asymmetry: largestDifference(y, y.swapaxes(0, 1)),
        wrongCounts: COUNTS.filter(({ count, ...own }) => set2Graph({ inputs: 2, ...own }).parameterCount !== count)
          .length,
        wrongRanks: RANKS.filter((rank, i) => broadcastRank(i + 1) !== rank).length,
        padding: relativeDifference(padded.slice([0, 12], [0, 12]), y),
        gradient: gradientError((z) => net.apply(params, z).sin().sum(), x, random.foldIn(key, 3)),
        delaunayFaults: delaunayFaults(1000, random.foldIn(key, 4)),
        ...partitionLaws(random.foldIn(key, 5)),
      },
    };
  },
};

/** Of the equivariant maps from vectors to matrices on n elements. */
function broadcastRank(n: number): number {
  const units = eye(n, { dtype: 'f64' }).expandDims(-1);
  const rows = equivariantMaps({ orderIn: 1, orderOut: 2 }).map((map) => applyMap(map, units).reshape([1, n ** 3]));
  return linalg.matrixRank(concat(rows, 0)).item();
}

function gradientError(value: (x: Tensor) => Tensor, x: Tensor, key: random.Key): number {
  const direction = random.normal(key, x.shape, { dtype: 'f64' });
  const [, gradient] = valueAndGrad(value)(x);
  const slope = gradient.mul(direction).sum().item();
  const step = 1e-6;
  const at = (by: number) => value(x.add(direction.mul(by))).item();
  return Math.abs((at(step) - at(-step)) / (2 * step) - slope) / Math.max(1, Math.abs(slope));
}

/** Partitions drawn at random: read back from their pairs, and compared with each other. */
function partitionLaws(key: random.Key): { closureFaults: number; chance: number } {
  const [sets, n] = [200, 30];
  const drawn = random.randint(key, [sets, n], 0, 4).dataSync();
  const labels = Array.from({ length: sets }, (_, i) => Int32Array.from(drawn.subarray(i * n, (i + 1) * n), Number));
  const readBack = (own: Int32Array): Int32Array => {
    const scores = Float32Array.from(samePart(own), (same) => (same === 1 ? 10 : -10));
    return partition(tensor(scores).reshape([n, n]))[0];
  };
  const faults = labels.filter((own) => {
    const found = readBack(own);
    const same = adjustedRandIndex(found, own) === 1 && randIndex(found, own) === 1;
    return !same || readBack(found).join() !== found.join();
  });
  const indices = labels.slice(1).map((own, i) => adjustedRandIndex(own, labels[i]));
  return { closureFaults: faults.length, chance: indices.reduce((sum, one) => sum + one, 0) / indices.length };
}
