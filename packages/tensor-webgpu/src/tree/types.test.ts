import { describe, expectTypeOf, test } from 'vitest';
import { type Tensor, tensor, tree } from '../index.ts';

interface LayerParams {
  weight: Tensor;
  bias: Tensor | null;
}
interface NetParams {
  layers: LayerParams[];
  scale: Tensor;
}

const net: NetParams = { layers: [{ weight: tensor([1]), bias: null }], scale: tensor(2) };

// The checks are the compiler's; the calls only have to run.
describe('types of functions on trees, without casts', () => {
  test('known trees', () => {
    expectTypeOf(tree.leaves(net)).toEqualTypeOf<Tensor[]>();
    const doubled: NetParams = tree.map((leaf) => leaf.mul(2), net);
    expectTypeOf(doubled.layers[0].weight).toEqualTypeOf<Tensor>();
    const sizes = tree.map((leaf) => leaf.size, net);
    expectTypeOf(sizes.layers[0].bias).toEqualTypeOf<number | null>();
    expectTypeOf(tree.map((leaf) => leaf.ndim, tensor([1]))).toEqualTypeOf<number>();
    expectTypeOf(tree.map((a, b) => a.sub(b), net, net)).toExtend<NetParams>();
  });

  test('trees of unknown form', () => {
    const anyTree: tree.Tree<Tensor> = { a: [tensor(1), { b: tensor(2) }], c: null };
    expectTypeOf(tree.leaves(anyTree)).toEqualTypeOf<Tensor[]>();
    expectTypeOf(tree.flatten(anyTree).leaves).toEqualTypeOf<Tensor[]>();
    const halved: tree.Tree<Tensor> = tree.map((leaf) => leaf.mul(0.5), anyTree);
    const sizes: tree.Tree<number> = tree.map((leaf) => leaf.size, halved);
    expectTypeOf(tree.leaves(sizes)).toEqualTypeOf<number[]>();
  });

  test('functions of any parameters', () => {
    const descend = <P>(params: P, gradients: P): P =>
      tree.map((leaf: Tensor, gradient: Tensor) => leaf.sub(gradient.mul(0.1)), params, gradients);
    const count = <P>(params: P): number => tree.leaves<Tensor>(params).reduce((sum, leaf) => sum + leaf.size, 0);
    const constrained = <P extends tree.Tree<Tensor>>(params: P): number[] =>
      tree.leaves(params).map((leaf) => leaf.size);
    const stacked = (...trees: tree.Tree<Tensor>[]): tree.Tree<Tensor> =>
      tree.map((...leaves: Tensor[]) => leaves[0], trees[0], ...trees.slice(1));
    expectTypeOf(descend(net, net)).toEqualTypeOf<NetParams>();
    expectTypeOf(count(net)).toEqualTypeOf<number>();
    expectTypeOf(constrained([tensor(1)])).toEqualTypeOf<number[]>();
    expectTypeOf(stacked([tensor(1)])).toEqualTypeOf<tree.Tree<Tensor>>();
  });

  test('leaves of another type than f takes leave nothing to work with', () => {
    const wrong = (): unknown => tree.map((leaf: string) => leaf, net);
    expectTypeOf(wrong).returns.toBeUnknown();
    const mistaken = () => tree.map((leaf: string) => leaf, net);
    expectTypeOf(mistaken).returns.toBeNever();
  });
});
