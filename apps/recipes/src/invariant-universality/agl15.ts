import { affineGroup, symmetricGroup } from '@flowfield/equivariant-layers';
import { mseLoss } from '@flowfield/nn';
import { random, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import { fitInvariant } from './fitInvariant.ts';

/** f = Σ x_i² (x_(i+1) x_(i-1) + x_(i+2) x_(i-2)), indices modulo 5: AGL(1,5) keeps it, S5 does not. */
function target(x: Tensor): Tensor {
  const turned = (by: number): Tensor =>
    x.take(
      [0, 1, 2, 3, 4].map((i) => (i + by) % 5),
      { axis: -1 },
    );
  return x
    .square()
    .mul(
      turned(1)
        .mul(turned(4))
        .add(turned(2).mul(turned(3))),
    )
    .sum({ axis: -1 });
}

/** What is left of it for functions that S5 keeps: Σ x_i² (e_2 of the others) / 3, its mean over all relabellings. */
function symmetrized(x: Tensor): Tensor {
  const others = x.sum({ axis: -1, keepDims: true }).sub(x);
  const squares = x.square();
  const otherSquares = squares.sum({ axis: -1, keepDims: true }).sub(squares);
  const pairs = others.square().sub(otherSquares).div(2);
  return squares.mul(pairs).div(3).sum({ axis: -1 });
}

/** Mean and deviation of the target, so that the loss starts near 1. */
const SAMPLE = 20_000;

export const agl15: Part = {
  name: 'agl15',
  summary: 'a polynomial that AGL(1,5) keeps and S5 does not: order 2, and order 1 over both groups',
  minutes: 1.5,
  metrics: [
    { name: 'order2', label: 'R² of order 2', gate: { atLeast: 0.98 }, digits: 4 },
    { name: 'order1', label: 'R² of order 1 over AGL(1,5)', baseline: true, digits: 4 },
    { name: 'order1S5', label: 'R² of order 1 over S5', baseline: true, digits: 4 },
    { name: 'bound', label: 'largest R² of functions that S5 keeps', baseline: true, digits: 4 },
  ],
  async run(context) {
    const sample = target(random.uniform(random.key(0), [SAMPLE, 5], { minval: -1 }));
    const [mean, deviation] = (await toHost([sample.mean(), sample.std()])).map((value) => value.item());
    const scaled = (x: Tensor): Tensor => target(x).sub(mean).div(deviation);
    const fit = (name: string, group: ReturnType<typeof affineGroup>, orders: readonly number[]) =>
      fitInvariant(context, {
        name,
        group,
        orders,
        draw: (key) => {
          const x = random.uniform(key, [256, 5], { minval: -1 });
          return { x, y: scaled(x) };
        },
        loss: mseLoss,
      });
    const x = random.uniform(random.foldIn(random.key(context.seed), 1), [4000, 5], { minval: -1 });
    const y = scaled(x);
    const score = async (prediction: Tensor) => {
      const [error, variance] = await toHost([prediction.sub(y).square().mean(), y.var()]);
      return 1 - error.item() / variance.item();
    };
    const order2 = await fit('order-2', affineGroup(5), [1, 2, 2]);
    const order1 = await fit('order-1', affineGroup(5), [1, 1, 1]);
    const order1S5 = await fit('order-1-s5', symmetricGroup(5), [1, 1, 1]);
    return {
      figures: {
        order2: await score(order2.predict(x)),
        order1: await score(order1.predict(x)),
        order1S5: await score(order1S5.predict(x)),
        bound: await score(symmetrized(x).sub(mean).div(deviation)),
      },
      pictures: { training: order2.curve('Squared error over the variance, order 2 over AGL(1,5)') },
    };
  },
};
