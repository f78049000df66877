import { MeshError } from './meshErrors.ts';

/** A surface of triangles as plain arrays. */
export interface TriangleMesh {
  /** Row-major [vertices, 3]. */
  readonly positions: Float64Array;
  /** The vertices of each triangle, row-major [triangles, 3], counterclockwise seen from outside where the file keeps to it. */
  readonly faces: Int32Array;
}

/** Throws `MeshError` unless `mesh` has finite positions and triangles of its own vertices. */
export function checkMesh(what: string, mesh: TriangleMesh): void {
  const { positions, faces } = (mesh ?? {}) as Partial<TriangleMesh>;
  if (positions === undefined || faces === undefined || positions.length % 3 !== 0 || faces.length % 3 !== 0) {
    throw new MeshError(
      `${what}: expected a mesh { positions [n, 3], faces [m, 3] }, given ${positions?.length ?? 'no'} and ${faces?.length ?? 'no'} numbers. Give both as flat lists of triples.`,
    );
  }
  const vertices = positions.length / 3;
  for (let i = 0; i < positions.length; i++) {
    if (Number.isFinite(positions[i])) continue;
    throw new MeshError(
      `${what}: expected finite positions, given ${positions[i]} at vertex ${Math.floor(i / 3)}. Remove it with its faces first.`,
    );
  }
  for (let i = 0; i < faces.length; i++) {
    const vertex = faces[i] as number;
    if (Number.isInteger(vertex) && vertex >= 0 && vertex < vertices) continue;
    throw new MeshError(
      `${what}: expected vertices 0 to ${vertices - 1}, given ${vertex} in face ${Math.floor(i / 3)}. Faces count vertices from 0.`,
    );
  }
}
