import { checkMesh, type MeshArrays } from './triangleMesh.ts';

/** Measures of a surface, each by its area. */
export interface SurfaceMoments {
  /** Of all triangles together. */
  readonly area: number;
  /** The mean point of the surface, [3]; NaN without area. */
  readonly centroid: Float64Array;
  /** The root of the mean squared distance to the centroid; NaN without area. */
  readonly rmsRadius: number;
}

/**
 * The area of each triangle, |(b - a) x (c - a)| / 2, [triangles].
 *
 * @throws MeshError for a mesh that is none
 */
export function triangleAreas(mesh: MeshArrays): Float64Array {
  checkMesh('triangleAreas', mesh);
  return areasOf(mesh);
}

/**
 * Area, mean point and root mean square radius of a surface: exact integrals over its triangles, not sums over vertices, so that they do not depend on how densely it is
 * cut. Over a triangle x has mean (a + b + c) / 3, and |x|² has mean (|a|² + |b|² + |c|² + |a + b + c|²) / 12.
 *
 * @throws MeshError for a mesh that is none
 */
export function surfaceMoments(mesh: MeshArrays): SurfaceMoments {
  checkMesh('surfaceMoments', mesh);
  const areas = areasOf(mesh);
  const area = areas.reduce((sum, one) => sum + one, 0);
  const centroid = new Float64Array(3);
  areas.forEach((one, face) => {
    for (const axis of [0, 1, 2]) {
      const sum = [0, 1, 2].reduce((total, corner) => total + at(mesh, face, corner, axis), 0);
      centroid[axis] = (centroid[axis] as number) + (sum / 3) * (one / area);
    }
  });
  let square = 0;
  areas.forEach((one, face) => {
    for (const axis of [0, 1, 2]) {
      const ends = [0, 1, 2].map((corner) => at(mesh, face, corner, axis) - (centroid[axis] as number)) as [
        number,
        number,
        number,
      ];
      const sum = ends[0] + ends[1] + ends[2];
      square += ((ends[0] ** 2 + ends[1] ** 2 + ends[2] ** 2 + sum ** 2) / 12) * (one / area);
    }
  });
  return area > 0
    ? { area, centroid, rmsRadius: Math.sqrt(square) }
    : { area, centroid: centroid.fill(Number.NaN), rmsRadius: Number.NaN };
}

export function areasOf(mesh: MeshArrays): Float64Array {
  return Float64Array.from({ length: mesh.faces.length / 3 }, (_, face) => {
    const side = (corner: number, axis: number): number => at(mesh, face, corner, axis) - at(mesh, face, 0, axis);
    const cross = (i: number, j: number): number => side(1, i) * side(2, j) - side(1, j) * side(2, i);
    return Math.hypot(cross(1, 2), cross(2, 0), cross(0, 1)) / 2;
  });
}

/** A coordinate of a corner of a triangle. */
const at = ({ positions, faces }: MeshArrays, face: number, corner: number, axis: number): number =>
  positions[3 * (faces[3 * face + corner] as number) + axis] as number;
