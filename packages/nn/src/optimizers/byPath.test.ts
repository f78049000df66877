import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { expect, it } from 'vitest';
import {
  adam,
  adamW,
  addWeightDecay,
  applyUpdates,
  chain,
  masked,
  partition,
  scale,
  scaleByFactoredRms,
  sgd,
} from '../index.ts';

type Params = { layers: { weight: Tensor; bias: Tensor }[]; scale: Tensor };
const start = (): Params => ({
  layers: [0, 1].map((i) => ({ weight: tensor([[1 + i, 2]]), bias: tensor([3 + i]) })),
  scale: tensor(5),
});
const grads = (): Params => ff.tree.map((leaf: Tensor) => leaf.mul(0).add(1), start()) as Params;
const values = (params: unknown): Record<string, number[]> => {
  const leaves = ff.tree.leaves<Tensor>(params);
  return Object.fromEntries(ff.tree.paths(params).map((path, i) => [path, [...leaves[i].dataSync()]]));
};

it('gives each group of parameters its optimizer, and leaves what is frozen alone', () => {
  const groupOf = (path: string): string => {
    if (path === 'scale') return 'frozen';
    return path.endsWith('bias') ? 'biases' : 'weights';
  };
  const optimizer = partition({ weights: sgd({ learningRate: 0.5 }), biases: sgd({ learningRate: 0.25 }) }, groupOf);
  const state = optimizer.init(start());
  const step = ff.jit((p: Params, s: typeof state) => {
    const [updates, next] = optimizer.update(grads(), s, p);
    return [applyUpdates(p, updates), next] as const;
  });
  const [params] = step(start(), state);
  expect(values(params)).toEqual({
    'layers.0.bias': [2.75],
    'layers.0.weight': [0.5, 1.5],
    'layers.1.bias': [3.75],
    'layers.1.weight': [1.5, 1.5],
    scale: [5],
  });
});

it('keeps memory for its own group only, and follows the optimizer of the whole tree', () => {
  const options = { learningRate: 0.1, weightDecay: 0.1, decays: (path: string) => path.endsWith('weight') };
  const split = partition({ first: adamW(options), rest: adamW(options) }, (path) =>
    path.startsWith('layers.0') ? 'first' : 'rest',
  );
  const whole = adamW(options);
  const run = (optimizer: typeof whole) => {
    let params = start();
    let state = optimizer.init(params);
    for (let i = 0; i < 3; i++) {
      const [updates, next] = optimizer.update(params, state, params);
      params = applyUpdates(params, updates);
      state = next;
    }
    return { params, state };
  };
  expect(values(run(split).params)).toEqual(values(run(whole).params));
  expect(Object.keys(values(run(split).state)).filter((path) => path.includes('mean'))).toEqual([
    'first.0.mean.layers.0.bias',
    'first.0.mean.layers.0.weight',
    'rest.0.mean.layers.1.bias',
    'rest.0.mean.layers.1.weight',
    'rest.0.mean.scale',
  ]);
});

it('masks a transform by path, and hands the other gradients on', () => {
  const optimizer = chain(
    masked(scale(10), (path) => path === 'scale'),
    scale(-1),
  );
  const [updates] = optimizer.update(grads(), optimizer.init(start()), start());
  expect(values(updates)).toMatchObject({ scale: [-10], 'layers.0.bias': [-1] });
});

it('keeps rows and columns of large matrices only', () => {
  const state = scaleByFactoredRms({ leastExtent: 3 }).init({ w: ff.zeros([4, 3]), b: ff.zeros([4]) });
  const shapes = ff.tree.leaves<Tensor>(state).map((leaf) => leaf.shape);
  expect(Object.fromEntries(ff.tree.paths(state).map((path, i) => [path, shapes[i]]))).toEqual({
    'columns.b': [1],
    'columns.w': [4],
    'rows.b': [1],
    'rows.w': [3],
    'square.b': [4],
    'square.w': [1],
    step: [],
  });
});

it('names groups without an optimizer, and wrong answers', () => {
  const one = { all: adam({ learningRate: 0.1 }) };
  expect(() => partition(one, () => 'al').init(start())).toThrow(
    /expected one of all, frozen from groupOf for the path 'layers\.0\.bias', got 'al'/,
  );
  expect(() => partition(one, 'all' as never).init(start())).toThrow(/expected a function/);
  expect(() => partition({ all: 3 } as never, () => 'all')).toThrow(/partition: all: expected an optimizer.*got 3/);
  expect(() => masked(scale(1), () => undefined as never).init(start())).toThrow(
    /expected true or false for the path 'layers\.0\.bias', got undefined/,
  );
  expect(() =>
    adamW({ learningRate: 1, decays: () => 1 as never }).update(
      grads(),
      adam({ learningRate: 1 }).init(start()),
      start(),
    ),
  ).toThrow(ff.ArgumentError);
});

it('tells parameters with dots in their names from nested ones', () => {
  const params = { 'a.b': tensor([1]), a: { b: tensor([2]) } };
  const optimizer = partition({ moves: sgd({ learningRate: 1 }) }, (path) => (path === 'a.b' ? 'moves' : 'frozen'));
  const [updates] = optimizer.update(params, optimizer.init(params), params);
  expect([updates.a.b.item(), updates['a.b'].item()]).toEqual([-2, 0]);
});

it('shows transforms inside the paths of the whole tree, in order, also with more than ten layers', () => {
  const params = { layers: Array.from({ length: 12 }, (_, i) => tensor([i])), head: tensor([100]) };
  const seen: string[] = [];
  const decays = (path: string): boolean => {
    seen.push(path);
    return path.endsWith('2');
  };
  const inner = chain(addWeightDecay({ weightDecay: 1, decays }));
  const optimizer = masked(inner, (path) => path.startsWith('layers.'));
  const zero = ff.tree.map((leaf: Tensor) => leaf.mul(0), params) as typeof params;
  const [updates] = optimizer.update(zero, optimizer.init(params), params);
  expect(updates.layers.map((leaf) => leaf.item())).toEqual([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(seen).toEqual(params.layers.map((_, i) => `layers.${i}`));
});
