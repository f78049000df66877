import { ShapeError } from '../errors/errors.ts';
import { showShape } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { conv, convTranspose } from './conv.ts';
import { asTensor } from './operands.ts';
import { avgPool, maxPool } from './pool.ts';

type OverWindows<A extends readonly unknown[]> = (x: TensorLike, ...rest: A) => Tensor;

/** A function over any number of spatial axes, held to x [N, C, …] with `rank` of them; throws `ShapeError` for others. */
const ofRank =
  <A extends readonly unknown[]>(name: string, apply: OverWindows<A>, rank: number): OverWindows<A> =>
  (x, ...rest) => {
    const { shape } = asTensor(x);
    if (shape.length !== rank + 2) {
      throw new ShapeError(
        `${name}: expected x of rank ${rank + 2} [N, C, …spatial], got shape ${showShape(shape)}. Reshape it, or use the function for its number of axes.`,
      );
    }
    return apply(x, ...rest);
  };

/** `conv` of sequences: x [N, C, L] and weights [O, C / groups, K]. Throws `ShapeError` for another rank. */
export const conv1d = ofRank('conv1d', conv, 1);
/** `conv` of images: x [N, C, H, W] and weights [O, C / groups, KH, KW]. Throws `ShapeError` for another rank. */
export const conv2d = ofRank('conv2d', conv, 2);
/** `conv` of volumes: x [N, C, D, H, W] and weights [O, C / groups, KD, KH, KW]. Throws `ShapeError` for another rank. */
export const conv3d = ofRank('conv3d', conv, 3);

/** `convTranspose` of sequences: x [N, C, L] and weights [C, O / groups, K]. Throws `ShapeError` for another rank. */
export const convTranspose1d = ofRank('convTranspose1d', convTranspose, 1);
/** `convTranspose` of images: x [N, C, H, W] and weights [C, O / groups, KH, KW]. Throws `ShapeError` for another rank. */
export const convTranspose2d = ofRank('convTranspose2d', convTranspose, 2);
/** `convTranspose` of volumes: x [N, C, D, H, W] and weights [C, O / groups, KD, KH, KW]. Throws `ShapeError` for another rank. */
export const convTranspose3d = ofRank('convTranspose3d', convTranspose, 3);

/** `maxPool` of sequences x [N, C, L]. Throws `ShapeError` for another rank. */
export const maxPool1d = ofRank('maxPool1d', maxPool, 1);
/** `maxPool` of images x [N, C, H, W]. Throws `ShapeError` for another rank. */
export const maxPool2d = ofRank('maxPool2d', maxPool, 2);
/** `maxPool` of volumes x [N, C, D, H, W]. Throws `ShapeError` for another rank. */
export const maxPool3d = ofRank('maxPool3d', maxPool, 3);

/** `avgPool` of sequences x [N, C, L]. Throws `ShapeError` for another rank. */
export const avgPool1d = ofRank('avgPool1d', avgPool, 1);
/** `avgPool` of images x [N, C, H, W]. Throws `ShapeError` for another rank. */
export const avgPool2d = ofRank('avgPool2d', avgPool, 2);
/** `avgPool` of volumes x [N, C, D, H, W]. Throws `ShapeError` for another rank. */
export const avgPool3d = ofRank('avgPool3d', avgPool, 3);
