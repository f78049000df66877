import { sampleSurface, surfaceMoments, type TriangleMesh } from '@flowfield/datasets';
import { laplacianSpectrum } from '@flowfield/equivariant-layers';
import { nearestNeighbourGraph } from '@flowfield/graph-nets';
import { diagonal, linalg, random, type Tensor, tensor, where } from '@flowfield/tensor-webgpu';
import type { DataFiles } from '../files.ts';
import { meshFile, placedMesh, readMesh } from '../meshes/readMesh.ts';

const MESHES = ['spot', 'rocker-arm', 'stanford-bunny'] as const;
export const shapeFiles = MESHES.map(meshFile);
export const POINTS = 128;
const NEIGHBORS = 10;

/** A cloud [128, 3] and √128 |second eigenvector| of the Laplacian of its graph of nearest neighbors. */
export type FiedlerShape = { readonly points: number[]; readonly target: number[] };

/** Meshes centered at the mean of their area, their largest coordinate 1. */
export const readMeshes = (files: DataFiles): Promise<TriangleMesh[]> =>
  Promise.all(
    MESHES.map(async (name) => {
      const mesh = await readMesh(files, name);
      const { positions, faces } = placedMesh(mesh, surfaceMoments(mesh).centroid, 1);
      return placedMesh(
        { positions, faces },
        [0, 0, 0],
        positions.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
      );
    }),
  );

/**
 * One shape: 128 points of a mesh by area, axes scaled by factors of [0.5, 1.5], turned or mirrored at random, centered, largest norm 1; joined with their 10 nearest neighbors.
 * Drawn again while the graph is in parts.
 */
export function fiedlerShape(meshes: readonly TriangleMesh[], key: random.Key): FiedlerShape {
  for (let draw = 0; ; draw++) {
    const own = random.foldIn(key, draw);
    const points = drawnPoints(meshes, own);
    const graph = nearestNeighbourGraph(points, { dimension: 3, k: NEIGHBORS });
    const adjacency = new Float64Array(POINTS * POINTS);
    graph.targets.forEach((target, arc) => {
      adjacency[graph.sources[arc] * POINTS + target] = 1;
    });
    const { eigenvectors, spaces } = laplacianSpectrum(tensor(adjacency).reshape([POINTS, POINTS]));
    // 0 occurs once for each part.
    if (spaces[0].multiplicity > 1) continue;
    const second = Array.from({ length: POINTS }, (_, node) => Math.abs(eigenvectors[node * POINTS + 1]));
    return { points: Array.from(points, Math.fround), target: second.map((x) => Math.fround(Math.sqrt(POINTS) * x)) };
  }
}

function drawnPoints(meshes: readonly TriangleMesh[], key: random.Key): Float64Array {
  const [choiceKey, scaleKey, turnKey] = random.split(key, 3);
  const [mesh, seed] = [meshes.length, 2 ** 30].map((below, i) =>
    random.randint(random.foldIn(choiceKey, i), [], 0, below).item(),
  );
  const { points } = sampleSurface(meshes[mesh], POINTS, { seed });
  const scales = random.uniform(scaleKey, [3], { minval: 0.5, maxval: 1.5, dtype: 'f64' });
  const { q, r } = linalg.qr(random.normal(turnKey, [3, 3], { dtype: 'f64' }));
  // Haar measure, with both determinants.
  const turn = q.mul(where(diagonal(r).less(0), -1, 1));
  const moved = tensor(points).reshape([POINTS, 3]).mul(scales).matmul(turn);
  const centered = moved.sub(moved.mean({ axis: 0, keepDims: true }));
  return Float64Array.from(centered.div(largestNorm(centered)).flatten().dataSync(), Number);
}

const largestNorm = (x: Tensor): Tensor => x.square().sum({ axis: -1 }).max().sqrt();
