import { cos, sin, type Tensor, where } from '@flowfield/tensor-webgpu';
import { type MonotoneSpline, splineAt, splineInverse } from './monotoneSpline.ts';
import { type DataSeparation, LEAST_ROOT } from './separation.ts';

/** sqrt(w) at the nodes, off 0. */
const roots = ({ weight }: DataSeparation): number[] => weight.map((value) => Math.max(Math.sqrt(value), LEAST_ROOT));

/** The integral of sqrt(w) from each node of `theta` to the first one. */
function integral(theta: readonly number[], root: readonly number[]): number[] {
  const sums = [0];
  for (let i = 1; i < theta.length; i++) {
    sums.push(sums[i - 1] + ((root[i - 1] + root[i]) / 2) * (theta[i] - theta[i - 1]));
  }
  return sums;
}

/** φ(θ) = int_0^θ sqrt(w) on [0, π/2]. */
export function flatSpline(separation: DataSeparation): MonotoneSpline {
  const slope = roots(separation);
  return { x: separation.theta, y: integral(separation.theta, slope), slope };
}

/** The angle φ in both directions. Each half is told by its distance from its own end, and keeps its digits there. */
export interface FlatAngle {
  /** φ(π/2). */
  readonly total: number;
  /** sin θ, cos θ and dφ / dθ at a point of the angle, given as φ and as Φ - φ. */
  at(phi: Tensor, rest: Tensor): { sin: Tensor; cos: Tensor; slope: Tensor };
  /** φ and Φ - φ of an angle, given as θ and as π/2 - θ. */
  of(theta: Tensor, restOfTheta: Tensor): { phi: Tensor; rest: Tensor };
}

export function flatAngle(separation: DataSeparation): FlatAngle {
  const { theta } = separation;
  const root = roots(separation);
  const middle = Math.floor(theta.length / 2);
  const lower: MonotoneSpline = {
    x: theta.slice(0, middle + 1),
    y: integral(theta.slice(0, middle + 1), root.slice(0, middle + 1)),
    slope: root.slice(0, middle + 1),
  };
  // The same from the other end, in the distance from π/2.
  const end = theta[theta.length - 1];
  const distances = theta
    .slice(middle)
    .map((angle) => end - angle)
    .reverse();
  const backwards = root.slice(middle).reverse();
  const upper: MonotoneSpline = { x: distances, y: integral(distances, backwards), slope: backwards };
  const [lowerEnd, upperEnd] = [lower.y[lower.y.length - 1], upper.y[upper.y.length - 1]];
  const total = lowerEnd + upperEnd;
  return {
    total,
    at(phi, rest) {
      const early = phi.less(lowerEnd);
      const first = splineInverse(lower, where(early, phi, lowerEnd));
      const second = splineInverse(upper, where(early, upperEnd, rest));
      return {
        sin: where(early, sin(first.x), cos(second.x)),
        cos: where(early, cos(first.x), sin(second.x)),
        slope: where(early, first.slope, second.slope),
      };
    },
    of(at, restOfTheta) {
      const early = at.less(theta[middle]);
      const first = splineAt(lower, where(early, at, theta[middle]));
      const second = splineAt(upper, where(early, distances[distances.length - 1], restOfTheta));
      return {
        phi: where(early, first, second.neg().add(total)),
        rest: where(early, first.neg().add(total), second),
      };
    },
  };
}
