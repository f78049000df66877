import {
  DegenerateSpectrumError,
  type EuclideanGroupName,
  equivarianceError,
  frameAverage,
  pointFrames,
} from '@flowfield/equivariant-layers';
import { mlp } from '@flowfield/nn';
import { concat, linalg, random, type Tensor, tensor, tree, zeros } from '@flowfield/tensor-webgpu';
import { largestDifference, relativeDifference } from '../symmetry/differences.ts';

const POINTS = 20;
const GROUPS: readonly EuclideanGroupName[] = ['E(3)', 'SE(3)', 'O(3)', 'SO(3)', 'E(2)', 'SE(2)', 'E(4)'];
const SIZES: Readonly<Record<string, number>> = {
  'E(2)': 4,
  'SE(2)': 2,
  'E(3)': 8,
  'SE(3)': 4,
  'E(4)': 16,
  'SE(4)': 8,
};

/** A perceptron without any symmetry, averaged, over motions drawn at random: the largest error of all groups. */
export function averagedError(dtype: 'f32' | 'f64', key: random.Key): number {
  const errors = GROUPS.map((group, i) => {
    const d = Number(group.at(-2));
    const net = mlp({ inputs: POINTS * d, hidden: [64, 64], outputs: POINTS * d, dtype: 'f64' });
    const params = net.init(random.foldIn(key, i));
    const plain = (x: Tensor): Tensor => {
      const own = tree.map((leaf: Tensor) => leaf.astype(x.dtype as 'f32' | 'f64'), params) as typeof params;
      return net.apply(own, x.reshape([...x.shape.slice(0, -2), POINTS * d])).reshape(x.shape);
    };
    const kind = group.includes('E') ? 'point' : 'vector';
    return equivarianceError(frameAverage(plain, { group, inputs: kind, outputs: kind }), {
      input: stretched(random.foldIn(key, 100 + i), [POINTS, d]),
      key: random.foldIn(key, 200 + i),
      dtype,
      samples: 20,
    }).max;
  });
  return Math.max(...errors);
}

/** A normal cloud with axes of different lengths, so that its frame is far from degenerate. */
const stretched = (key: random.Key, shape: readonly number[]): Tensor =>
  random
    .normal(key, [...shape], { dtype: 'f64' })
    .mul(Array.from({ length: shape[shape.length - 1] }, (_, i) => 1 + i / 2));

/** Frames that have another number of elements than 2^d or half of it. */
export const wrongFrameSizes = (key: random.Key): number =>
  Object.entries(SIZES).filter(([group, size]) => {
    const x = random.normal(key, [POINTS, Number(group.at(-2))], { dtype: 'f64' });
    return pointFrames(x, { group: group as EuclideanGroupName }).count !== size;
  }).length;

/** Averages that are known: eigenvalues, zeros, the cloud itself, and triple products, which only rotations keep. */
export function closedFormsError(key: random.Key): number {
  const x = stretched(key, [POINTS, 3]);
  const average = (
    fn: (y: Tensor) => Tensor,
    group: 'E(3)' | 'SE(3)' = 'E(3)',
    outputs: 'scalar' | 'point' = 'scalar',
  ) => frameAverage(fn, { group, inputs: 'point', outputs });
  const centered = x.sub(x.mean({ axis: 0 }));
  const { eigenvalues } = linalg.eigh(centered.T.matmul(centered));
  const product = (y: Tensor): Tensor => y.prod({ axis: -1 }).sum({ axis: -1 });
  const mirror = tensor([-1, 1, 1], { dtype: 'f64' });
  const turned = random.orthogonal(key, 3, [], { dtype: 'f64' });
  const rotation = turned.mul(linalg.det(turned));
  const chiral = average(product, 'SE(3)');
  return Math.max(
    relativeDifference(average((y) => y.square().sum({ axis: -2 }))(x), eigenvalues),
    average((y) => y.sum({ axis: -2 }))(x)
      .abs()
      .max()
      .item(),
    largestDifference(average((y) => y, 'E(3)', 'point')(x), x),
    average(product)(x).abs().item(),
    relativeDifference(chiral(x.mul(mirror)).neg(), chiral(x)),
    relativeDifference(chiral(x.matmul(rotation)), chiral(x)),
  );
}

/** The elements with determinant 1 against two signed axes and their cross product. */
export function crossProductError(key: random.Key): number {
  const { axes, signs, count } = pointFrames(stretched(key, [POINTS, 3]), { group: 'SE(3)' });
  const found = Array.from({ length: count }, (_, i) => (axes as Tensor).mul(signs.at(i)));
  const column = (i: number): Tensor => (axes as Tensor).slice('...', i);
  const built = [1, -1].flatMap((a) =>
    [1, -1].map((b) => {
      const [first, second] = [column(0).mul(a), column(1).mul(b)];
      return concat(
        [first, second, linalg.cross(first, second)].map((v) => v.expandDims(-1)),
        -1,
      );
    }),
  );
  return Math.max(...built.map((frame) => Math.min(...found.map((other) => largestDifference(frame, other)))));
}

/** A padded cloud against the cloud alone. */
export function maskError(key: random.Key): number {
  const x = random.normal(key, [POINTS, 3]).mul([1, 1.5, 2]);
  const move = frameAverage((y: Tensor) => y.tanh(), { group: 'E(3)', inputs: 'point', outputs: 'point' });
  const padded = concat([x, zeros([7, 3])], 0);
  const mask = Array.from({ length: POINTS + 7 }, (_, i) => i < POINTS);
  return largestDifference(move(padded, { mask }).slice([0, POINTS]), move(x));
}

/** Clouds without principal axes that are not refused, or whose random bases give what is not finite. */
export function unguarded(key: random.Key): number {
  const cube = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i & 1, (i >> 1) & 1, i >> 2]);
  const clouds = [cube, cube.slice(0, 4), [0, 1, 2].map((i) => [i, i, i]), [[1, 2, 3]], [0, 1, 2].map(() => [1, 2, 3])];
  const options = { group: 'E(3)', inputs: 'point', outputs: 'point' } as const;
  return clouds.filter((cloud) => {
    const x = tensor(cloud, { dtype: 'f64' });
    const y = frameAverage((z: Tensor) => z.exp(), { ...options, degenerate: 'randomBasis' })(x, { key });
    return !refuses(() => frameAverage((z: Tensor) => z, options)(x)) || !Number.isFinite(y.sum().item());
  }).length;
}

function refuses(call: () => unknown): boolean {
  try {
    call();
  } catch (error) {
    if (error instanceof DegenerateSpectrumError) return true;
    throw error;
  }
  return false;
}
