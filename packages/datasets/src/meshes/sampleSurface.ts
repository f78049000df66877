import { wholeIn } from '../arguments/checks.ts';
import { checkedOptions } from '../arguments/options.ts';
import { refuse } from '../arguments/refuse.ts';
import { draw } from '../philox.ts';
import { MeshError } from './meshErrors.ts';
import { areasOf } from './surface.ts';
import { checkMesh, type MeshArrays } from './triangleMesh.ts';

export interface SurfaceSampleOptions {
  /** Unsigned 32-bit integer; 0 when left out. */
  readonly seed?: number;
}

/** Points drawn on a surface. */
export interface SurfaceSamples {
  /** Row-major [count, 3]. */
  readonly points: Float64Array;
  /** The triangle of each point. [count] */
  readonly faces: Int32Array;
  /** The share of each corner of its triangle, in the order of the corners, with sum 1: point = Σ weight · corner. [count, 3] */
  readonly weights: Float64Array;
}

const UINT32_VALUES = 2 ** 32;

/**
 * Points drawn uniformly by area: a triangle with probability proportional to its area, then (1 - √u) a + √u (1 - v) b + √u v c in it, u and v uniform. Draws are Philox2x32-10
 * with the seed as key: a seed means the same points on every machine, and the first points of a longer list are those of a shorter one.
 *
 * @throws MeshError for a mesh that is none or has no area, a count that is no whole number or too large for
 * memory, a seed outside 0..4294967295, or options that it does not have
 * @see Osada, Funkhouser, Chazelle, Dobkin, "Shape distributions", ACM Transactions on Graphics 2002, section 4
 */
export function sampleSurface(mesh: MeshArrays, count: number, options: SurfaceSampleOptions = {}): SurfaceSamples {
  const checks = { seed: wholeIn(0, UINT32_VALUES - 1) };
  const { seed = 0 } = checkedOptions('sampleSurface', options, checks, MeshError);
  checkMesh('sampleSurface', mesh);
  if (!Number.isSafeInteger(count) || count < 0 || count >= UINT32_VALUES / 2) {
    const remedy = 'Pass how many points to draw.';
    refuse('sampleSurface', 'a whole number of points from 0', count, remedy, MeshError);
  }
  const areas = areasOf(mesh);
  const ends = new Float64Array(areas.length);
  let area = 0;
  areas.forEach((one, face) => {
    area += one;
    ends[face] = area;
  });
  if (!(area > 0 && Number.isFinite(area)) && count > 0) {
    throw new MeshError(
      `sampleSurface: expected triangles with an area to draw from, given ${areas.length} with ${area} in all. A cloud of points has no surface; check the faces and the scale.`,
    );
  }
  const samples = roomFor(count);
  for (let i = 0; i < count; i++) {
    const [high, low] = draw([2 * i, 0], seed);
    const [first, second] = draw([2 * i + 1, 0], seed);
    const face = firstAbove(ends, area * ((high * 2 ** 21 + (low >>> 11)) / 2 ** 53));
    const [u, v] = [Math.sqrt((first + 0.5) / UINT32_VALUES), (second + 0.5) / UINT32_VALUES];
    const shares = [1 - u, u * (1 - v), u * v];
    samples.faces[i] = face;
    samples.weights.set(shares, 3 * i);
    for (const axis of [0, 1, 2]) {
      samples.points[3 * i + axis] = shares.reduce((sum, share, corner) => {
        const vertex = mesh.faces[3 * face + corner] as number;
        return sum + share * (mesh.positions[3 * vertex + axis] as number);
      }, 0);
    }
  }
  return samples;
}

function roomFor(count: number): SurfaceSamples {
  try {
    return { points: new Float64Array(3 * count), faces: new Int32Array(count), weights: new Float64Array(3 * count) };
  } catch {
    throw new MeshError(`sampleSurface: expected points that memory holds, given ${count}. Draw fewer.`);
  }
}

/** The first place whose value is above `target` in an ascending list. */
function firstAbove(ascending: Float64Array, target: number): number {
  let [from, to] = [0, ascending.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((ascending[middle] as number) > target) to = middle;
    else from = middle + 1;
  }
  return from;
}
