import { type FaGnnParams, movedBy, randomIsometry } from '@flowfield/equivariant-layers';
import { concat, jit, type random, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { framedInput, framedNet, type Particles, rows } from './particles.ts';

/** Simulations in one call; two calls are made. */
const CHUNK = 500;

/** The trained network on simulations and on the same after one motion. */
export function equivariance(trained: FaGnnParams, test: Particles, key: random.Key) {
  const g = randomIsometry('E(3)', key);
  const measured = (dtype: 'f32' | 'f64') => {
    const cast = <T>(values: T): T => tree.map((leaf: Tensor) => leaf.astype(dtype), values) as T;
    const [params, net] = [cast(trained), framedNet(dtype)];
    const predict = jit((particles: Particles): Tensor => net.apply(params, framedInput(particles)));
    const parts = [0, CHUNK].map((start) => cast(rows(test, start, start + CHUNK)));
    const here = concat(
      parts.map((part) => predict(part)),
      0,
    );
    const there = concat(
      parts.map((part) => predict(moved(part))),
      0,
    );
    const targets = concat(
      parts.map((part) => part.targets),
      0,
    );
    const mse = (y: Tensor, truth: Tensor) => y.sub(truth).square().mean().item();
    const errors = Array.from(
      there
        .sub(movedBy(g, here, 'point'))
        .abs()
        .max({ axis: [1, 2] })
        .dataSync(),
      Number,
    ).sort((a, b) => a - b);
    return {
      max: errors[errors.length - 1],
      median: errors[errors.length / 2],
      change: Math.abs(mse(there, movedBy(g, targets, 'point')) - mse(here, targets)),
    };
  };
  const moved = ({ charges, positions, velocities, targets }: Particles): Particles => ({
    charges,
    positions: movedBy(g, positions, 'point'),
    velocities: movedBy(g, velocities, 'vector'),
    targets: movedBy(g, targets, 'point'),
  });
  const [single, double] = [measured('f32'), measured('f64')];
  return { errorF32: single.max, errorF64: double.max, medianF64: double.median, rotated: single.change };
}
