import { mlp } from '@flowfield/nn';
import { concat, linalg, random, type Tensor, tensor, tree, zeros } from '@flowfield/tensor-webgpu';
import { type EuclideanGroupName, faGnn, frameAverage, movedBy, pointFrames, randomIsometry } from '../../index.ts';
import { distance, type Ground, law, relative, worst } from './law.ts';

const POINTS = 20;
const GROUPS: readonly EuclideanGroupName[] = ['E(3)', 'SE(3)', 'O(3)', 'SO(3)', 'E(2)', 'SE(2)', 'E(4)'];

/** Axes of different lengths, so that frames are far from degenerate. */
const stretched = (x: Tensor): Tensor =>
  x.mul(Array.from({ length: x.shape[x.shape.length - 1] }, (_, i) => 1 + i / 2));

/** A motion of the CPU, in f64. */
const motion = (group: EuclideanGroupName, seed: number) => randomIsometry(group, random.key(seed, { device: 'cpu' }));

/** A perceptron without any symmetry, averaged: f(g x) against g f(x), with g applied in f64 before numbers are rounded. */
function averaged(group: EuclideanGroupName, ground: Ground): Tensor {
  const d = Number(group.at(-2));
  const net = mlp({ inputs: POINTS * d, hidden: [64, 64], outputs: POINTS * d, dtype: ground.dtype });
  const params = net.init(random.key(1));
  const plain = (x: Tensor): Tensor =>
    net.apply(params, x.reshape([...x.shape.slice(0, -2), POINTS * d])).reshape(x.shape);
  const kind = group.includes('E') ? 'point' : 'vector';
  const average = frameAverage(plain, { group, inputs: kind, outputs: kind });
  const here = average(ground.drawn(2, [POINTS, d], stretched));
  return worst(
    [3, 4, 5, 6].map((seed) => {
      const g = motion(group, seed);
      const there = average(ground.drawn(2, [POINTS, d], (x) => movedBy(g, stretched(x), kind)));
      const after = { rotation: ground.here(g.rotation), shift: ground.here(g.shift) };
      return relative(there, movedBy(after, here, kind));
    }),
  );
}

/** Averages that are known: eigenvalues, zeros, the cloud, and products of three, which only rotations keep. */
function closedForms(ground: Ground): Tensor {
  const x = ground.drawn(7, [POINTS, 3], stretched);
  const average = (fn: (y: Tensor) => Tensor, group: 'E(3)' | 'SE(3)', outputs: 'scalar' | 'point', y = x) =>
    frameAverage(fn, { group, inputs: 'point', outputs })(y);
  const centered = x.sub(x.mean({ axis: 0 }));
  const { eigenvalues } = linalg.eigh(centered.T.matmul(centered));
  const sums = (y: Tensor): Tensor => y.sum({ axis: -2 });
  const product = (y: Tensor): Tensor => y.prod({ axis: -1 }).sum({ axis: -1 });
  const chiral = average(product, 'SE(3)', 'scalar');
  const g = motion('SE(3)', 8);
  const turned = ground.drawn(7, [POINTS, 3], (y) => movedBy(g, stretched(y), 'point'));
  const mirrored = x.mul([-1, 1, 1]);
  return worst([
    relative(
      average((y) => sums(y.square()), 'E(3)', 'scalar'),
      eigenvalues,
    ),
    average(sums, 'E(3)', 'scalar').abs().max(),
    distance(
      average((y) => y, 'E(3)', 'point'),
      x,
    ),
    average(product, 'E(3)', 'scalar').abs(),
    relative(average(product, 'SE(3)', 'scalar', mirrored).neg(), chiral),
    relative(average(product, 'SE(3)', 'scalar', turned), chiral),
  ]);
}

/** The elements of determinant 1 against two signed axes and their cross product. */
function crossProducts(ground: Ground): Tensor {
  const { axes, signs, count } = pointFrames(ground.drawn(9, [POINTS, 3], stretched), { group: 'SE(3)' });
  const found = Array.from({ length: count }, (_, i) => (axes as Tensor).mul(signs.at(i)));
  const column = (i: number): Tensor => (axes as Tensor).slice('...', i);
  const built = [1, -1].flatMap((a) =>
    [1, -1].map((b) => {
      const [first, second] = [column(0).mul(a), column(1).mul(b)];
      const all = [first, second, linalg.cross(first, second)].map((v) => v.expandDims(-1));
      return concat(all, -1);
    }),
  );
  return worst(
    built.map((frame) => found.map((other) => distance(frame, other)).reduce((least, one) => least.minimum(one))),
  );
}

function sizes(ground: Ground): Tensor {
  const wanted = { 'E(2)': 4, 'SE(2)': 2, 'E(3)': 8, 'SE(3)': 4, 'E(4)': 16, 'SE(4)': 8 };
  const wrong = Object.entries(wanted).filter(([group, size]) => {
    const x = ground.drawn(10, [POINTS, Number(group.at(-2))], stretched);
    return pointFrames(x, { group: group as EuclideanGroupName }).count !== size;
  });
  return tensor(wrong.length);
}

function padding(ground: Ground): Tensor {
  const x = ground.drawn(11, [POINTS, 3], stretched);
  const move = frameAverage((y: Tensor) => y.tanh(), { group: 'E(3)', inputs: 'point', outputs: 'point' });
  const mask = Array.from({ length: POINTS + 7 }, (_, i) => i < POINTS);
  const padded = concat([x, zeros([7, 3], { dtype: ground.dtype })], 0);
  return distance(move(padded, { mask }).slice([0, POINTS]), move(x));
}

/** Clouds without axes of their own, with random bases: 0 where all is finite. */
function degenerate({ dtype }: Ground): Tensor {
  const cube = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i & 1, (i >> 1) & 1, i >> 2]);
  const line = [0, 1, 2].map((i) => [i, i, i]);
  const options = { group: 'E(3)', inputs: 'point', outputs: 'point', degenerate: 'randomBasis' } as const;
  return worst(
    [cube, cube.slice(0, 4), line, [[1, 2, 3]], [0, 1, 2].map(() => [1, 2, 3])].map((cloud) => {
      const y = frameAverage((z: Tensor) => z.exp(), options)(tensor(cloud, { dtype }), { key: random.key(12) });
      return y.isFinite().logicalNot().any().astype(dtype);
    }),
  );
}

/** The network of particles: five of them, moved and turned. */
function particles(ground: Ground): Tensor {
  const net = faGnn({ group: 'E(3)', width: 12, layers: 2, dtype: ground.dtype });
  const params = net.init(random.key(13));
  const run = (f?: (x: Tensor) => Tensor): Tensor =>
    tree.leaves<Tensor>(net.apply(params, { points: ground.drawn(14, [4, 5, 3], f) }))[0];
  const g = motion('E(3)', 15);
  const after = { rotation: ground.here(g.rotation), shift: ground.here(g.shift) };
  return relative(
    run((x) => movedBy(g, x, 'point')),
    movedBy(after, run(), 'point'),
  );
}

export const frames = [
  ...GROUPS.map((group) =>
    law(`an average over ${group} moves with the cloud`, 1e-5, 1e-12, (on) => averaged(group, on)),
  ),
  law('averages that are known', 2e-5, 1e-12, closedForms),
  law('frames of SE(3) are cross products', 1e-6, 1e-12, crossProducts),
  law('frames have 2^d elements, or half of them', 0, 0, sizes),
  law('a padded cloud is the cloud', 2e-6, 1e-12, padding),
  law('clouds without axes give finite numbers', 0, 0, degenerate),
  law('the network of particles moves with them', 1e-3, 1e-10, particles),
];
