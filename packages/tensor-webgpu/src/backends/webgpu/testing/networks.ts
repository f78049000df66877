import type { Tensor } from '../../../index.ts';
import * as ff from '../../../index.ts';

/** Weights and biases of the layers of a network. */
export type Layers = readonly { readonly w: Tensor; readonly b: Tensor }[];

/** Layers of these widths, with reproducible weights. */
export const layersOf = (widths: readonly number[], seed = 0): Layers =>
  widths.slice(1).map((width, i) => ({
    w: ff.random.normal(ff.random.key(seed + i), [widths[i], width]).div(Math.sqrt(widths[i])),
    b: ff.zeros([width]),
  }));

/** A network on rows of `x`. */
export const network = (layers: Layers, x: Tensor, activation: (x: Tensor) => Tensor): Tensor =>
  layers.reduce((hidden, { w, b }, i) => {
    const made = hidden.matmul(w).add(b);
    return i < layers.length - 1 ? activation(made) : made;
  }, x);

/** What Adam keeps. */
export interface AdamState {
  readonly params: Layers;
  readonly mean: Layers;
  readonly square: Layers;
  readonly step: Tensor;
}

export const adamStart = (params: Layers): AdamState => ({
  params,
  mean: ff.tree.map((x: Tensor) => ff.zerosLike(x), params),
  square: ff.tree.map((x: Tensor) => ff.zerosLike(x), params),
  step: ff.tensor(0, { dtype: 'f32' }),
});

/** A step of Adam on a loss; the state is donated. */
export const adamStep = (loss: (params: Layers, ...data: Tensor[]) => Tensor) =>
  ff.jit(
    (state: AdamState, ...data: Tensor[]): { state: AdamState; loss: Tensor } => {
      const [value, gradient] = ff.valueAndGrad(loss)(state.params, ...data);
      const step = state.step.add(1);
      const mean = ff.tree.map((m: Tensor, g: Tensor) => m.mul(0.9).add(g.mul(0.1)), state.mean, gradient);
      const square = ff.tree.map(
        (s: Tensor, g: Tensor) => s.mul(0.999).add(g.square().mul(0.001)),
        state.square,
        gradient,
      );
      const scale = ff
        .sub(1, ff.pow(0.999, step))
        .sqrt()
        .div(ff.sub(1, ff.pow(0.9, step)));
      const params = ff.tree.map(
        (p: Tensor, m: Tensor, s: Tensor) => p.sub(m.mul(scale).mul(0.001).div(s.sqrt().add(1e-8))),
        state.params,
        mean,
        square,
      );
      return { state: { params, mean, square, step }, loss: value };
    },
    { donate: [0] },
  );
