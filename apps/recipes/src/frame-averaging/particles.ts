import { type NBody, parseNBody } from '@flowfield/datasets';
import { type FaGnnParams, faGnn } from '@flowfield/equivariant-layers';
import { concat, eye, silu, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import type { DataFiles } from '../files.ts';

/** Five charged particles: where they are, how they move, and where they will be. */
export type Particles = { charges: Tensor; positions: Tensor; velocities: Tensor; targets: Tensor };

const FILES = { train: 'train_3000x50', valid: 'valid_2000x50', test: 'test_2000x50' } as const;
export const particleFiles = Object.values(FILES).map((name) => `nbody/nbody_small_${name}.f32`);

/** Each part of the data as tensors [simulations, 5, …]. */
export async function readParticles(files: DataFiles): Promise<Record<keyof typeof FILES, Particles>> {
  const parts = await Promise.all(
    particleFiles.map(async (file) => asTensors(parseNBody(await files.benchmark(file), { file }))),
  );
  return { train: parts[0], valid: parts[1], test: parts[2] };
}

/** Some of the simulations. */
export const rows = (particles: Particles, from: number, to: number): Particles =>
  tree.map((leaf: Tensor) => leaf.slice([from, to]), particles) as Particles;

function asTensors({ count, bodies, charges, positions, velocities, targets }: NBody): Particles {
  const vectors = (values: Float32Array): Tensor => tensor(values).reshape([count, bodies, 3]);
  return {
    charges: tensor(charges).reshape([count, bodies]),
    positions: vectors(positions),
    velocities: vectors(velocities),
    targets: vectors(targets),
  };
}

/** The frame-averaged network of the paper, 92,103 parameters: velocities as vectors, products of charges on the pairs. */
export const framedNet = (dtype: 'f32' | 'f64' = 'f32') =>
  faGnn({ group: 'E(3)', width: 60, layers: 4, vectors: 1, edges: 1, dtype });

/** What it sees of the particles. */
export const framedInput = ({ charges, positions, velocities }: Omit<Particles, 'targets'>) => ({
  points: positions,
  vectors: [velocities],
  edges: charges.expandDims(-1).mul(charges.expandDims(-2)).expandDims(-1),
});

/** The same layers once, on positions and velocities as they are, without frames: [batch, 5, 3]. */
export function unframed(params: FaGnnParams, particles: Omit<Particles, 'targets'>): Tensor {
  const { points, vectors, edges } = framedInput(particles);
  const bodies = points.shape[points.shape.length - 2];
  const apart = eye(bodies).neg().add(1).expandDims(-1);
  const distances = points.expandDims(-2).sub(points.expandDims(-3)).square().sum({ axis: -1, keepDims: true });
  const pairs = concat([edges, distances], -1);
  const dense = ({ weight, bias }: FaGnnParams['input'], x: Tensor): Tensor => x.matmul(weight).add(bias as Tensor);
  const width = params.input.weight.shape[1];
  const h = params.layers.reduce(
    (y, { edge: [first, second], node: [one, two] }) => {
      const part = (from: number, to: number | null): Tensor => first.weight.slice([from, to]);
      const ends = y
        .matmul(part(0, width))
        .expandDims(-2)
        .add(y.matmul(part(width, 2 * width)).expandDims(-3));
      const seen = silu(ends.add(pairs.matmul(part(2 * width, null))).add(first.bias as Tensor));
      const messages = silu(dense(second, seen)).mul(apart).sum({ axis: -2 });
      return y.add(dense(two, silu(dense(one, concat([y, messages], -1)))));
    },
    dense(params.input, concat([points, ...vectors], -1)),
  );
  const [one, two] = params.output;
  return dense(two, silu(dense(one, h)));
}

/** x + α v with α by least squares on the training part. */
export function linearBaseline(train: Particles, test: Particles): { factor: number; error: number } {
  const { positions, velocities, targets } = train;
  const factor = targets.sub(positions).mul(velocities).sum().item() / velocities.square().sum().item();
  const prediction = test.positions.add(test.velocities.mul(factor));
  return { factor, error: prediction.sub(test.targets).square().mean().item() };
}
