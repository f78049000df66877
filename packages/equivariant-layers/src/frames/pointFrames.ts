import {
  checkedOptions,
  checkTensor,
  linalg,
  random,
  stopGradient,
  type Tensor,
  type TensorLike,
  tensor,
  where,
} from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import { beside } from '../inputs/beside.ts';
import { checkedChoice } from '../inputs/choice.ts';
import { checkFinite } from '../inputs/finite.ts';
import { floating } from '../inputs/floating.ts';
import { asMask, checkNotEmpty } from '../inputs/mask.ts';
import { checkedFlag, checkedTolerance } from '../inputs/params.ts';
import {
  checkGaps,
  type DegeneratePolicy,
  defaultGapTolerance,
  neededKey,
  relativeGap,
  withRandomBasis,
} from './degenerate.ts';
import { type EuclideanGroup, type EuclideanGroupName, euclideanGroup } from './euclideanGroup.ts';

/** The frames of clouds: element f of cloud b is x ↦ (axes · diag(signs[f])) x + center. */
export interface PointFrames {
  readonly group: EuclideanGroup;
  /** Batch axes of the clouds. */
  readonly lead: readonly number[];
  /** Principal axes as columns [lead…, d, d]; `null` for translations. */
  readonly axes: Tensor | null;
  /** Signs of the axes: [frames, d], the same for all clouds, or [1, lead…, d] for one drawn for each. */
  readonly signs: Tensor;
  /** Means [lead…, d]; `null` for groups that fix the origin. */
  readonly center: Tensor | null;
  /** Smallest relative gap of the eigenvalues [lead…]; `null` for translations. */
  readonly gap: Tensor | null;
  /** Elements of each frame. */
  readonly count: number;
}

export interface PointFrameOptions {
  readonly group: EuclideanGroupName;
  /** Which points are real, [lead…, n]. */
  readonly mask?: TensorLike;
  /** 'full' (default): all elements; 'sampled': one for each cloud, at random. */
  readonly frames?: 'full' | 'sampled';
  /** For 'sampled' frames and for `degenerate: 'randomBasis'`. */
  readonly key?: random.Key;
  /** Whether frames are constants to derivatives (default true); else derivatives grow as 1 / gap. */
  readonly detach?: boolean;
  /** Default 'error'. */
  readonly degenerate?: DegeneratePolicy;
  /** Least relative gap of eigenvalues (default 1e-4 in f32, 1e-8 in f64). */
  readonly gapTolerance?: number;
}

const pointFrameOptionNames = [
  'group',
  'mask',
  'frames',
  'key',
  'detach',
  'degenerate',
  'gapTolerance',
] as const satisfies readonly (keyof PointFrameOptions)[];

/**
 * Frames of clouds x [lead…, n, d] by principal axes: t = mean of the points, V the eigenvectors of Σ (x - t)(x - t)ᵀ, and R = V diag(±1).
 * E(d) and O(d) have 2ᵈ elements; SE(d) and SO(d) the half with determinant 1; T(d) has one, (I, t). O(d) and SO(d) do not
 * subtract the mean. A cloud that is moved by g has the frame g · F. Puny et al. 2022, "Frame averaging", section 3.1.
 *
 * Frames jump where eigenvalues cross, so that they are not continuous along a trajectory.
 * @throws UnknownGroupError; ArgumentError for unknown options or a missing key; LayerShapeError, MaskError, EmptySetError; outside a
 *   trace also NonFiniteInputError for NaN or infinity, and DegenerateSpectrumError (`degenerate: 'error'`) for clouds without principal axes.
 */
export function pointFrames(x: Tensor, options: PointFrameOptions): PointFrames {
  return framesOf('pointFrames', x, checkedOptions('pointFrames', options, pointFrameOptionNames));
}

/** `pointFrames` on behalf of `op`, for checked option names. */
export function framesOf(op: string, x: Tensor, options: PointFrameOptions): PointFrames {
  const { mask, frames = 'full', key, detach = true, degenerate = 'error', gapTolerance } = options;
  const group = euclideanGroup(op, options.group);
  checkFrameChoices(op, { frames, detach, degenerate, gapTolerance });
  const d = group.dimension;
  checkTensor(op, 'points', x);
  if (x.shape.length < 2 || x.shape[x.shape.length - 1] !== d) {
    throw new LayerShapeError(
      `${op}: expected points of shape [..., n, ${d}] for ${group.name}, got [${x.shape.join(', ')}]. Give points as rows.`,
    );
  }
  const [lead, n] = [x.shape.slice(0, -2), x.shape[x.shape.length - 2]];
  checkNotEmpty(op, [n]);
  const real = mask === undefined || mask === null ? null : asMask(op, mask, lead, n, x).expandDims(-1);
  const points = real ? where(real, floating(x), 0) : floating(x);
  checkFinite(op, 'points', points);

  const fixed = <T>(value: T): T => (detach ? stopGradient(value) : value);
  const center = group.translations ? fixed(meanOf(points, real, n)) : null;
  if (group.rotations === 'none') {
    return {
      group,
      lead,
      axes: null,
      signs: tensor([Array<number>(d).fill(1)], beside(points)).astype(points.dtype),
      center,
      gap: null,
      count: 1,
    };
  }
  const centered = center ? points.sub(center.expandDims(-2)) : points;
  const y = scaled(real ? where(real, centered, 0) : centered);
  const { eigenvalues, eigenvectors } = linalg.eigh(fixed(y.matrixTranspose().matmul(y)));
  const tolerance = gapTolerance ?? defaultGapTolerance(points.dtype);
  const gap = relativeGap(eigenvalues);
  checkGaps(op, gap, tolerance, degenerate);
  const [basisKey, signKey] = key ? [...random.split(key)] : [];
  const axes =
    degenerate === 'randomBasis'
      ? withRandomBasis(eigenvectors, eigenvalues, tolerance, neededKey(op, "degenerate: 'randomBasis'", basisKey))
      : eigenvectors;
  const proper = group.rotations === 'proper';
  const signs =
    frames === 'full'
      ? tensor(signChoices(d, proper), beside(points)).astype(points.dtype)
      : drawnSigns(neededKey(op, "frames: 'sampled'", signKey), lead, d, proper).astype(points.dtype);
  return { group, lead, axes: fixed(proper ? turned(axes) : axes), signs, center, gap, count: signs.shape[0] };
}

export function checkFrameChoices(
  op: string,
  {
    frames,
    detach,
    degenerate,
    gapTolerance,
  }: Pick<PointFrameOptions, 'frames' | 'detach' | 'degenerate' | 'gapTolerance'>,
): void {
  checkedChoice(`${op}: frames`, frames ?? 'full', ['full', 'sampled']);
  checkedChoice(`${op}: degenerate`, degenerate ?? 'error', ['error', 'warn', 'randomBasis']);
  checkedFlag(`${op}: detach`, detach ?? true);
  if (gapTolerance !== undefined) checkedTolerance(`${op}: gapTolerance`, gapTolerance);
}

function meanOf(points: Tensor, real: Tensor | null, n: number): Tensor {
  const total = points.sum({ axis: -2 });
  return real ? total.div(real.astype(points.dtype).sum({ axis: -2 }).maximum(1)) : total.mul(1 / n);
}

/** Clouds brought to size 1, whose squares neither overflow nor vanish; axes and relative gaps stay. */
function scaled(y: Tensor): Tensor {
  const size = stopGradient(y.abs().max({ axis: [-1, -2], keepDims: true }));
  return y.div(where(size.greater(0), size, 1));
}

/** All signs of d axes, or those with product 1. */
function signChoices(d: number, proper: boolean): number[][] {
  const all = Array.from({ length: 2 ** d }, (_, bits) =>
    Array.from({ length: d }, (_, i) => ((bits >> i) & 1 ? -1 : 1)),
  );
  return proper ? all.filter((signs) => signs.reduce<number>((product, sign) => product * sign, 1) === 1) : all;
}

function drawnSigns(key: random.Key, lead: readonly number[], d: number, proper: boolean): Tensor {
  const free = random.rademacher(key, [1, ...lead, proper ? d - 1 : d]);
  if (!proper) return free;
  const last = free.prod({ axis: -1, keepDims: true });
  const at = free.shape.length - 1;
  return free
    .pad([...Array<[number, number]>(at).fill([0, 0]), [0, 1]])
    .add(last.pad([...Array<[number, number]>(at).fill([0, 0]), [d - 1, 0]]));
}

/** Orthogonal matrices with determinant 1: the last column turned where it was -1. */
function turned(axes: Tensor): Tensor {
  const d = axes.shape[axes.shape.length - 1];
  const flips = where(stopGradient(linalg.det(axes)).less(0), -2, 0).expandDims([-1, -2]);
  const last = tensor(
    Array.from({ length: d }, (_, i) => (i === d - 1 ? 1 : 0)),
    beside(axes),
  ).astype(axes.dtype);
  return axes.mul(last.mul(flips).add(1));
}
