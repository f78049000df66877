import { ShapeError, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { type Field, fieldOf, type OdeFunction, type State } from '../state.ts';

/**
 * How g multiplies dW: 'diagonal', g is like y and every element has a motion of its own (element i of g may depend on
 * element i of y only); 'scalar', g is like y and one motion drives all; 'general', y is one tensor [..., d], g is [..., d, m]
 * and W is [..., m].
 */
export type NoiseKind = 'diagonal' | 'scalar' | 'general';

/** g of `dy = f dt + g dW`: a tree like y, or for general noise a tensor [..., d, m]. */
export type Diffusion<Y, Args = unknown> = (t: Tensor, y: Y, args: Args) => Y | Tensor;

export interface Noise {
  readonly kind: NoiseKind;
  /** g on leaves, with its form checked. */
  fieldOf<Y, Args>(g: Diffusion<Y, Args>, structure: tree.Structure, args: Args): Field;
  /** `g w`, like the state. */
  times(g: State, w: State): State;
}

const columns = (g: Tensor, w: Tensor): Tensor => {
  if (g.ndim === w.ndim + 1 && g.shape.at(-1) === w.shape.at(-1))
    return g.matmul(w.expandDims(-1)).reshape(g.shape.slice(0, -1));
  throw new ShapeError(
    `solveSde: general noise needs g [..., d, m] for W [..., m], got shapes [${g.shape.join(', ')}] and [${w.shape.join(', ')}]. Make the last axes agree.`,
  );
};

export function noiseTerm(kind: NoiseKind): Noise {
  const alike = {
    kind,
    fieldOf: <Y, Args>(g: Diffusion<Y, Args>, structure: tree.Structure, args: Args) =>
      fieldOf(g as OdeFunction<Y, Args>, structure, args, 'solveSde', 'the diffusion'),
  };
  if (kind === 'diagonal') return { ...alike, times: (g, w) => g.map((leaf, n) => leaf.mul(w[n].astype(leaf.dtype))) };
  if (kind === 'scalar') return { ...alike, times: (g, w) => g.map((leaf) => leaf.mul(w[0].astype(leaf.dtype))) };
  return {
    kind,
    times: (g, w) => g.map((leaf) => columns(leaf, w[0].astype(leaf.dtype))),
    fieldOf: (g, structure, args) => (t, state) => {
      const flat = tree.flatten(g(t, tree.unflatten(structure, state) as never, args));
      if (flat.leaves.length !== 1 || state.length !== 1)
        throw new ShapeError(
          'solveSde: general noise needs a state that is one tensor. Join its leaves, or use diagonal noise.',
        );
      const [matrix] = flat.leaves as Tensor[];
      const [y] = state;
      if (matrix.shape.slice(0, -1).join() === y.shape.join()) return [matrix.astype(y.dtype)];
      throw new ShapeError(
        `solveSde: general noise needs a diffusion [..., d, m] for the state [..., d] = [${y.shape.join(', ')}], got [${matrix.shape.join(', ')}]. Make the axes agree.`,
      );
    },
  };
}
