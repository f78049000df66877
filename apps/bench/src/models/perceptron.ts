import { concat, eye, grad, jvp, type Tensor } from '@flowfield/tensor-webgpu';
import { type Activation, normal, perceptronParameters, type Sizes } from '../problem.ts';
import type { Model, Parameters } from './model.ts';

export type Layers = readonly (readonly [Tensor, Tensor])[];

const widthsOf = ({ widths }: Sizes): readonly number[] => widths as readonly number[];

const activated = (activation: Activation, x: Tensor): Tensor => (activation === 'tanh' ? x.tanh() : x.softplus());

export const perceptron = (layers: Layers, x: Tensor, activation: Activation): Tensor =>
  layers.reduce((value, [weight, bias], i) => {
    const next = value.matmul(weight).add(bias);
    return i + 1 < layers.length ? activated(activation, next) : next;
  }, x);

/** A loss of a perceptron `f` of these widths, and data whose rows have these extents. */
const of = (
  extents: (widths: readonly number[]) => readonly number[],
  loss: (f: (layers: Layers, x: Tensor) => Tensor, layers: Layers, data: readonly Tensor[]) => Tensor,
): Model => ({
  prepare(sizes) {
    const widths = widthsOf(sizes);
    return {
      parameters: perceptronParameters(widths),
      structure: widths.slice(1).map((_, i) => [2 * i, 2 * i + 1]),
      data: extents(widths).map((extent, i) => normal(100 + i, [sizes.batch as number, extent])),
    };
  },
  loss(sizes) {
    const f = (layers: Layers, x: Tensor): Tensor => perceptron(layers, x, sizes.activation as Activation);
    return (parameters: Parameters, ...data) => loss(f, parameters as Layers, data);
  },
});

/** `mean((f(x) - y)²)`. */
export const regression = of(
  (widths) => [widths[0], widths[widths.length - 1]],
  (f, layers, [x, y]) => f(layers, x).sub(y).square().mean(),
);

/** `mean((|∇ₓf(x)| - 1)²)`, so that a step differentiates a derivative (Gropp et al. 2020, eq. 3). */
export const eikonal = of(
  (widths) => [widths[0]],
  (f, layers, [x]) => {
    const slope = grad((points: Tensor) => f(layers, points).sum())(x) as Tensor;
    return slope.square().sum({ axis: 1 }).sqrt().sub(1).square().mean();
  },
);

/** `mean((Σᵢ ∂fᵢ/∂xᵢ)²)` over the outputs `i`, by one Jacobian-vector product for each. */
export const divergence = of(
  (widths) => [widths[0]],
  (f, layers, [x]) => {
    const outputs = layers[layers.length - 1][1].shape[0];
    const parts = Array.from({ length: outputs }, (_, axis) => {
      const along = eye(outputs, x.shape[1], { dtype: x.dtype as 'f32' })
        .at(axis)
        .broadcastTo(x.shape);
      const [, tangent] = jvp((points: Tensor) => f(layers, points), [x], [along]) as [Tensor, Tensor];
      return tangent.slice('...', axis);
    });
    return parts
      .reduce((sum, part) => sum.add(part))
      .square()
      .mean();
  },
);

/** `mean((f([(1 - t) x0 + t x1, t]) - (x1 - x0))²)` (Lipman et al. 2023, eq. 23, with a path that ends in points). */
export const flowMatching = of(
  (widths) => [widths[widths.length - 1], widths[widths.length - 1], 1],
  (f, layers, [x0, x1, t]) => {
    const xt = x0.mul(t.mul(-1).add(1)).add(x1.mul(t));
    return f(layers, concat([xt, t], 1))
      .sub(x1.sub(x0))
      .square()
      .mean();
  },
);
