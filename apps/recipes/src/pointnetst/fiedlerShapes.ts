import { sampleSurface, surfaceMoments, type TriangleMesh } from '@flowfield/datasets';
import { laplacianSpectrum } from '@flowfield/equivariant-layers';
import { nearestNeighbourGraph } from '@flowfield/graph-nets';
import { diagonal, eye, linalg, random, type Tensor, tensor, where } from '@flowfield/tensor-webgpu';
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
 * How a shape is turned: `uniform` over all rotations and reflections, or by the `factor` Q of a Gaussian matrix as Householder's
 * reflections leave it, without a choice of signs. Such factors are rotations that leave half of the first axes out.
 */
export type Poses = 'uniform' | 'factor';

/**
 * One shape: 128 points of a mesh by area, axes scaled by factors of [0.5, 1.5], turned, centered, largest norm 1; joined with their 10 nearest neighbors.
 * Drawn again while the graph is in parts.
 */
export function fiedlerShape(meshes: readonly TriangleMesh[], key: random.Key, poses: Poses): FiedlerShape {
  for (let draw = 0; ; draw++) {
    const own = random.foldIn(key, draw);
    const points = drawnPoints(meshes, own, poses);
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

function drawnPoints(meshes: readonly TriangleMesh[], key: random.Key, poses: Poses): Float64Array {
  const [choiceKey, scaleKey, turnKey] = random.split(key, 3);
  const [mesh, seed] = [meshes.length, 2 ** 30].map((below, i) =>
    random.randint(random.foldIn(choiceKey, i), [], 0, below).item(),
  );
  const { points } = sampleSurface(meshes[mesh], POINTS, { seed });
  const scales = random.uniform(scaleKey, [3], { minval: 0.5, maxval: 1.5, dtype: 'f64' });
  const moved = tensor(points).reshape([POINTS, 3]).mul(scales).matmul(drawnTurn(turnKey, poses));
  const centered = moved.sub(moved.mean({ axis: 0, keepDims: true }));
  return Float64Array.from(centered.div(largestNorm(centered)).flatten().dataSync(), Number);
}

/** An orthogonal matrix [3, 3], float64. */
export const drawnTurn = (key: random.Key, poses: Poses): Tensor => TURNS[poses](key);

const TURNS: Record<Poses, (key: random.Key) => Tensor> = {
  uniform(key) {
    const { q, r } = linalg.qr(random.normal(key, [3, 3], { dtype: 'f64' }));
    // Haar measure, with both determinants.
    return q.mul(where(diagonal(r).less(0), -1, 1));
  },
  factor(key) {
    const gaussian = random.normal(key, [2, 3], { dtype: 'f64' });
    const rest = gaussian.slice([1, 2]).mul(tensor([0, 1, 1]));
    return reflection(gaussian.slice([0, 1]), 0).matmul(reflection(rest, 1));
  },
};

/** Householder's reflection that takes a row x [1, 3] to an axis, -sign(x_axis) |x| e_axis: I - 2 v vᵀ / |v|². */
function reflection(x: Tensor, axis: number): Tensor {
  const along = x.slice('...', [axis, axis + 1]);
  const length = x.square().sum().sqrt();
  const v = x.add(
    eye(3, { dtype: 'f64' })
      .slice([axis, axis + 1])
      .mul(where(along.less(0), length.neg(), length)),
  );
  return eye(3, { dtype: 'f64' }).sub(v.T.matmul(v).mul(2).div(v.square().sum()));
}

const largestNorm = (x: Tensor): Tensor => x.square().sum({ axis: -1 }).max().sqrt();
