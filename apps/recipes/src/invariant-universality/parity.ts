import { alternatingGroup } from '@flowfield/equivariant-layers';
import { bceWithLogits } from '@flowfield/nn';
import { random, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import { fitInvariant } from './fitInvariant.ts';

const PAIRS = [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].filter((j) => j > i).map((j) => [i, j]));

/** Whether Π_(i<j) (x_i - x_j) > 0, which even permutations keep and odd ones turn over. */
const isPositive = (x: Tensor): Tensor =>
  PAIRS.map(([i, j]) => x.slice('...', i).sub(x.slice('...', j)))
    .reduce((product, difference) => product.mul(difference))
    .greater(0);

export const parity: Part = {
  name: 'parity',
  summary: 'the sign of the Vandermonde product on four points: A4 networks of order 2 and of order 1',
  minutes: 0.5,
  seeds: [0, 1, 2, 3, 4],
  efforts: ['quick'],
  metrics: [
    { name: 'order2', label: 'accuracy of order 2, %', gate: { atLeast: 97 }, digits: 1 },
    { name: 'order1', label: 'accuracy of order 1, %', gate: { atLeast: 47, atMost: 53 }, baseline: true, digits: 1 },
  ],
  async run(context) {
    const fit = (name: string, orders: readonly number[]) =>
      fitInvariant(context, {
        name,
        group: alternatingGroup(4),
        orders,
        draw: (key) => {
          const x = random.uniform(key, [256, 4]);
          return { x, y: isPositive(x).astype('f32') };
        },
        loss: bceWithLogits,
      });
    const x = random.uniform(random.foldIn(random.key(context.seed), 1), [4000, 4]);
    const accuracy = async (predict: (x: Tensor) => Tensor) =>
      100 * (await toHost(predict(x).greater(0).equal(isPositive(x)).astype('f32').mean())).item();
    const [order2, order1] = [await fit('order-2', [1, 2, 2]), await fit('order-1', [1, 1, 1])];
    return {
      figures: { order2: await accuracy(order2.predict), order1: await accuracy(order1.predict) },
      pictures: { training: order2.curve('Cross-entropy, order 2 over A4') },
    };
  },
};
