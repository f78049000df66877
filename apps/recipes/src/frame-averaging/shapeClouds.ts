import { sampleSurface, surfaceMoments } from '@flowfield/datasets';
import { onHost, random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { DataFiles } from '../files.ts';
import { meshFile, placedMesh, readMesh } from '../meshes/readMesh.ts';
import { randomRotations } from '../symmetry/rotations.ts';

/** The classes. */
export const MESHES = ['spot', 'rocker-arm', 'stanford-bunny', 'maze_3x3', 'maze_4x4'] as const;
export const shapeFiles = MESHES.map(meshFile);

/** Points drawn on a surface, and those of them that are seen: the lowest along a direction. */
const [DRAWN, SEEN] = [99, 64];
const NOISE = 0.05;

/** Clouds [count, 64, 3] and their classes [count], as many of each class. */
export type Clouds = { points: Tensor; labels: Tensor };

/**
 * Parts of surfaces: 99 points by area, the 64 lowest along a random direction, noise, then centered and scaled to root mean square radius 1. The class is the mesh.
 */
export async function drawnClouds(files: DataFiles, count: number, key: random.Key): Promise<Clouds> {
  const own = count / MESHES.length;
  const [noiseKey, directionKey, seedKey] = random.split(key, 3);
  const noise = random.normal(noiseKey, [count, SEEN, 3]).mul(NOISE);
  const drawn = onHost((own: random.Key) => random.normal(own, [count, 3], { dtype: 'f64' }).dataSync());
  const directions = await drawn(directionKey);
  const seeds = await random.randint(seedKey, [MESHES.length], 0, 2 ** 30).data();
  const seen = new Float64Array(count * SEEN * 3);
  for (const [label, name] of MESHES.entries()) {
    const mesh = await readMesh(files, name);
    const { centroid, rmsRadius } = surfaceMoments(mesh);
    const placed = placedMesh(mesh, centroid, rmsRadius);
    const { points } = sampleSurface(placed, own * DRAWN, { seed: Number(seeds[label]) });
    for (let i = 0; i < own; i++) {
      const cloud = label * own + i;
      const height = (point: number): number =>
        [0, 1, 2].reduce((sum, axis) => sum + points[3 * point + axis] * Number(directions[3 * cloud + axis]), 0);
      const lowest = Array.from({ length: DRAWN }, (_, k) => i * DRAWN + k)
        .sort((a, b) => height(a) - height(b))
        .slice(0, SEEN);
      lowest.forEach((point, k) => {
        seen.set(points.subarray(3 * point, 3 * point + 3), (cloud * SEEN + k) * 3);
      });
    }
  }
  const noisy = tensor(Float32Array.from(seen)).reshape([count, SEEN, 3]).add(noise);
  const centered = noisy.sub(noisy.mean({ axis: 1, keepDims: true }));
  const radius = centered.square().sum({ axis: 2 }).mean({ axis: 1 }).sqrt();
  return {
    points: centered.div(radius.reshape([count, 1, 1])),
    labels: tensor(Int32Array.from({ length: count }, (_, i) => Math.floor(i / own))),
  };
}

/** Every cloud under a rotation of its own. */
export const rotatedClouds = (points: Tensor, key: random.Key): Tensor =>
  points.matmul(randomRotations(key, points.shape[0]));
