import { invariantNetwork, type PermutationGroup } from '@flowfield/equivariant-layers';
import { adam, linearSchedule } from '@flowfield/nn';
import { jit, random, type Tensor } from '@flowfield/tensor-webgpu';
import { generated } from '@flowfield/train';
import type { PartContext } from '../part.ts';
import { lossCurve } from '../pictures/lossCurve.ts';

interface Fit {
  readonly name: string;
  readonly group: PermutationGroup;
  /** Of the input and of two tied layers; all invariants and a perceptron follow. */
  readonly orders: readonly number[];
  /** Fresh samples: x [batch, n] and targets [batch]. */
  draw(key: random.Key): { x: Tensor; y: Tensor };
  loss(predictions: Tensor, targets: Tensor): Tensor;
}

/** A quick run goes through the first steps of the schedule of 3,000. */
const STEPS = { plain: 3000, quick: 600, best: 3000 };
const WIDTH = 32;

/** An invariant network of width 32 by Adam, 3e-3 falling linearly to 0, 3,000 steps of fresh samples. */
export async function fitInvariant(context: PartContext, { name, group, orders, draw, loss }: Fit) {
  const net = invariantNetwork({
    group,
    orders,
    channels: orders.map((_, i) => (i === 0 ? 1 : WIDTH)),
    hidden: [WIDTH],
    outputs: 1,
  });
  const predict = (params: ReturnType<typeof net.init>, x: Tensor): Tensor =>
    net.apply(params, x.expandDims(-1)).squeeze(-1);
  const { params, history } = await context.trained(name, {
    params: net.init(random.key(context.seed)),
    batches: generated(draw),
    loss: (params: ReturnType<typeof net.init>, { x, y }: { x: Tensor; y: Tensor }) => loss(predict(params, x), y),
    optimizer: adam({ learningRate: linearSchedule({ initial: 3e-3, steps: STEPS.plain }) }),
    steps: STEPS[context.effort],
    innerSteps: 20,
    logEvery: 20,
  });
  const compiled = jit(predict);
  return {
    predict: (x: Tensor) => compiled(params, x),
    curve: (title: string) =>
      lossCurve({ title, steps: history.map(({ step }) => step), loss: history.map(({ loss }) => loss as number) }),
  };
}
