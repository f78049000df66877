import { checkedOptions, checkedWhole, cond, type Tensor } from '@flowfield/tensor-webgpu';
import {
  checkedState,
  checkTransform,
  type GradientTransform,
  mapTree,
  type OptimizerState,
  scalarZero,
  zerosOf,
} from './transform.ts';

type AccumulationState<P> = { count: Tensor; mean: P; inner: OptimizerState };

/**
 * Gradients of `every` calls are averaged and then handed to `optimizer`, as if they had come from one batch; the calls in
 * between update by 0. State: `{count, mean, inner}`, where `count` gradients are in the running mean.
 * @throws ArgumentError unless `every` is a whole number of at least 1 and `optimizer` a gradient transform.
 */
export function accumulate(optimizer: GradientTransform, options: { readonly every: number }): GradientTransform {
  checkTransform('accumulate', optimizer);
  const { every } = checkedOptions('accumulate', options, ['every']);
  checkedWhole('accumulate: every', every);
  return {
    init: (params) => ({
      count: scalarZero(params, 'i32'),
      mean: zerosOf(params) as never,
      inner: optimizer.init(params),
    }),
    update: <P>(grads: P, state: OptimizerState, params: P): [P, OptimizerState] => {
      const { count, mean, inner } = checkedState<AccumulationState<P>>('accumulate', state, [
        'count',
        'mean',
        'inner',
      ]);
      const filled = mapTree((old, grad) => old.add(grad.sub(old).div(count.add(1).astype(old.dtype))), mean, grads);
      const [updates, next] = cond(
        count.equal(every - 1),
        (now: P, memory: OptimizerState, at: P): [P, AccumulationState<P>] => {
          const [changes, inner] = optimizer.update(now, memory, at);
          return [changes, { count: scalarZero(at, 'i32'), mean: mapTree((leaf) => leaf.mul(0), mean), inner }];
        },
        (now: P, memory: OptimizerState, at: P): [P, AccumulationState<P>] => [
          mapTree((leaf) => leaf.mul(0), at),
          { count: count.add(1), mean: now, inner: memory },
        ],
        filled,
        inner,
        params,
      );
      return [updates, next as never];
    },
  };
}
