import {
  ArgumentError,
  arange,
  checkedOptions,
  checkedWhole,
  checkTensor,
  concat,
  type Tensor,
  type TensorLike,
  where,
} from '@flowfield/tensor-webgpu';
import { LayerShapeError } from '../errors.ts';
import { beside } from '../inputs/beside.ts';
import { checkFinite } from '../inputs/finite.ts';
import { asMask } from '../inputs/mask.ts';

/** Graphs of n nodes in space, all pairs joined. */
export interface FaGnnInput {
  /** [lead…, n, d] */
  readonly points: Tensor;
  /** Each [lead…, n, d]. */
  readonly vectors?: readonly Tensor[];
  /** [lead…, n, scalars] */
  readonly scalars?: Tensor;
  /** [lead…, n, n, edges] */
  readonly edges?: Tensor;
}

/** A checked input, 0 at padding. */
export interface Particles {
  readonly points: Tensor;
  readonly vectors: readonly Tensor[];
  readonly scalars: Tensor | null;
  /** Given features and squared distances of ordered pairs [lead…, n, n, edges + 1], the same in all frames and layers. */
  readonly edges: Tensor;
  /** Pairs that exchange messages: different and both real [lead… or none, n, n, 1]. */
  readonly joined: Tensor;
  readonly mask: Tensor | null;
}

/** How many parts of each kind an input has. */
export interface Sizes {
  readonly vectors: number;
  readonly scalars: number;
  readonly edges: number;
}

export const checkedSizes = (op: string, { vectors = 0, scalars = 0, edges = 0 }: Partial<Sizes>): Sizes => ({
  vectors: checkedWhole(`${op}: vectors`, vectors, 0),
  scalars: checkedWhole(`${op}: scalars`, scalars, 0),
  edges: checkedWhole(`${op}: edges`, edges, 0),
});

export function checkedInput(
  op: string,
  input: FaGnnInput,
  sizes: Sizes,
  d: number,
  mask: TensorLike | undefined,
): Particles {
  const {
    points,
    vectors = [],
    scalars,
    edges,
  } = checkedOptions(`${op}: input`, input, ['points', 'vectors', 'scalars', 'edges']);
  checkTensor(op, 'points', points);
  const own = points.shape.slice(0, -1);
  const n = own[own.length - 1];
  if (!Array.isArray(vectors) || vectors.length !== sizes.vectors) {
    throw new ArgumentError(
      `${op}: expected ${sizes.vectors} vectors, got ${Array.isArray(vectors) ? vectors.length : 'no list'}. Give a list, as the option vectors says.`,
    );
  }
  checkPart(op, 'points', points, [...own, d]);
  vectors.forEach((v, i) => {
    checkPart(op, `vectors[${i}]`, v, [...own, d]);
  });
  checkPart(op, 'scalars', scalars, sizes.scalars > 0 ? [...own, sizes.scalars] : null);
  checkPart(op, 'edges', edges, sizes.edges > 0 ? [...own, n, sizes.edges] : null);
  const flags = mask === undefined || mask === null ? null : asMask(op, mask, own.slice(0, -1), n, points);
  const clear = (x: Tensor): Tensor =>
    flags ? where(flags.reshape([...own, ...x.shape.slice(own.length).map(() => 1)]), x, 0) : x;
  const real = clear(points);
  const distances = real.expandDims(-2).sub(real.expandDims(-3)).square().sum({ axis: -1, keepDims: true });
  const line = arange(n, beside(points));
  const apart = line.expandDims(1).notEqual(line).expandDims(-1);
  const pairs = flags ? flags.expandDims(-1).logicalAnd(flags.expandDims(-2)).expandDims(-1) : null;
  const joined = pairs ? pairs.logicalAnd(apart) : apart;
  // Nothing goes from a node to itself: what is given there, even NaN, reaches no derivative.
  const between = edges ? where(joined, edges, 0) : null;
  const parts = {
    points: real,
    vectors: vectors.map(clear),
    scalars: scalars ? clear(scalars) : null,
  };
  checkFinite(op, 'points', parts.points);
  parts.vectors.forEach((v, i) => {
    checkFinite(op, `vectors[${i}]`, v);
  });
  if (parts.scalars) checkFinite(op, 'scalars', parts.scalars);
  if (between) checkFinite(op, 'edges', between);
  return {
    ...parts,
    edges: between ? concat([between, distances], -1) : distances,
    joined,
    mask: flags,
  };
}

function checkPart(op: string, name: string, part: Tensor | undefined, shape: readonly number[] | null): void {
  if (shape === null) {
    if (part === undefined) return;
    throw new ArgumentError(
      `${op}: got ${name}, but the option ${name} is 0. Leave them out, or say how many there are.`,
    );
  }
  checkTensor(op, name, part);
  const found = (part as Tensor).shape;
  if (found.length === shape.length && shape.every((extent, i) => found[i] === extent)) return;
  throw new LayerShapeError(
    `${op}: expected ${name} of shape [${shape.join(', ')}], got [${found.join(', ')}]. Batch axes come first, then nodes.`,
  );
}
