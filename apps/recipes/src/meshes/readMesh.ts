import { parseObj, type TriangleMesh } from '@flowfield/datasets';
import type { DataFiles } from '../files.ts';

/** The file of a mesh inside the benchmark data. */
export const meshFile = (name: string): string => `meshes/${name}.obj`;

export const readMesh = async (files: DataFiles, name: string): Promise<TriangleMesh> =>
  parseObj(await files.benchmark(meshFile(name)), { file: meshFile(name) });

/** A mesh with `center` moved to the origin and everything divided by `size`. */
export const placedMesh = (
  { positions, faces }: TriangleMesh,
  center: ArrayLike<number>,
  size: number,
): TriangleMesh => ({
  positions: positions.map((value, i) => (value - center[i % 3]) / size),
  faces,
});
