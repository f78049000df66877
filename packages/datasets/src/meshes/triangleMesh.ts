import { checkNumbers } from '../arguments/checks.ts';
import { refuse } from '../arguments/refuse.ts';
import { MeshError } from './meshErrors.ts';

/** A surface of triangles as plain arrays. */
export interface TriangleMesh {
  /** Row-major [vertices, 3]. */
  readonly positions: Float64Array;
  /** The vertices of each triangle, row-major [triangles, 3], counterclockwise seen from outside where the file keeps to it. */
  readonly faces: Int32Array;
}

/** The same in any lists of numbers. */
export interface MeshArrays {
  /** Row-major [vertices, 3]. */
  readonly positions: ArrayLike<number>;
  /** The vertices of each triangle, row-major [triangles, 3]. */
  readonly faces: ArrayLike<number>;
}

/** Throws `MeshError` unless `mesh` has finite positions and triangles of its own vertices. */
export function checkMesh(what: string, mesh: MeshArrays): void {
  const expected = 'a mesh { positions [n, 3], faces [m, 3] }';
  const remedy = 'Give both as flat lists of triples.';
  const { positions, faces } = (mesh ?? {}) as Partial<MeshArrays>;
  if (positions === undefined || faces === undefined) refuse(what, expected, mesh, remedy, MeshError);
  checkNumbers(what, 'positions', positions, MeshError);
  checkNumbers(what, 'faces', faces, MeshError);
  if (positions.length % 3 !== 0 || faces.length % 3 !== 0) {
    throw new MeshError(
      `${what}: expected ${expected}, given ${positions.length} and ${faces.length} numbers. ${remedy}`,
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
