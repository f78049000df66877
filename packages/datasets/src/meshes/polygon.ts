import earcut from 'earcut';

type Point = readonly [number, number, number];

/**
 * Splits a polygon with corners in space into triangles of the same turn, as numbers of its corners: those of a convex one share its first corner, any other one is cut
 * by ears in the plane of its Newell normal, so that none of the triangles lies outside.
 */
export function trianglesOf(corners: readonly Point[]): number[] {
  if (corners.length === 3) return [0, 1, 2];
  const flat = projected(corners);
  const cut = flat === null || isStrictlyConvex(flat) ? [] : turned(earcut(flat), flat);
  if (cut.length > 0) return cut;
  return Array.from({ length: corners.length - 2 }, (_, i) => [0, i + 1, i + 2]).flat();
}

/** The corners in the plane across their normal Σ p_i x p_(i+1), counterclockwise; `null` where they span no area. */
function projected(corners: readonly Point[]): number[] | null {
  const [origin] = corners as [Point];
  const at = corners.map((corner): Point => [corner[0] - origin[0], corner[1] - origin[1], corner[2] - origin[2]]);
  const normal = at.reduce<Point>(
    (sum, p, i) => {
      const q = at[(i + 1) % at.length] as Point;
      return [
        sum[0] + p[1] * q[2] - p[2] * q[1],
        sum[1] + p[2] * q[0] - p[0] * q[2],
        sum[2] + p[0] * q[1] - p[1] * q[0],
      ];
    },
    [0, 0, 0],
  );
  const size = Math.hypot(...normal);
  if (size === 0) return null;
  // The axis nearest to the normal is dropped; the order of the other two keeps the turn.
  const axis = normal.map(Math.abs).indexOf(Math.max(...normal.map(Math.abs)));
  const [first, second] = (normal[axis] as number) > 0 ? [1, 2] : [2, 1];
  return at.flatMap((p) => [p[(axis + first) % 3] as number, p[(axis + second) % 3] as number]);
}

/** Twice the signed area of three corners. */
function area(flat: readonly number[], a: number, b: number, c: number): number {
  const [ax, ay] = [flat[2 * a] as number, flat[2 * a + 1] as number];
  return (
    ((flat[2 * b] as number) - ax) * ((flat[2 * c + 1] as number) - ay) -
    ((flat[2 * c] as number) - ax) * ((flat[2 * b + 1] as number) - ay)
  );
}

/** Whether a fan from the first corner covers it: every turn is to the left, and so is every triangle of the fan. */
function isStrictlyConvex(flat: readonly number[]): boolean {
  const n = flat.length / 2;
  for (let i = 0; i < n; i++) if (!(area(flat, i, (i + 1) % n, (i + 2) % n) > 0)) return false;
  for (let i = 1; i + 1 < n; i++) if (!(area(flat, 0, i, i + 1) > 0)) return false;
  return true;
}

/** The triangles, each counterclockwise. */
function turned(triangles: readonly number[], flat: readonly number[]): number[] {
  const list = [...triangles];
  for (let i = 0; i < list.length; i += 3) {
    const [a, b, c] = list.slice(i, i + 3) as [number, number, number];
    if (area(flat, a, b, c) < 0) list.splice(i, 3, a, c, b);
  }
  return list;
}
