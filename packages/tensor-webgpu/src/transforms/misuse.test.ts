import { engineErrors } from '@flowfield/testing';
import { describe, expect, it, test } from 'vitest';
import * as ff from '../index.ts';

const x = ff.tensor([1, 2, 3]);
const matrix = ff.tensor([
  [1, 2],
  [3, 4],
]);
const one = (v: ff.Tensor) => v;
type WithOptions = (options: never) => unknown;

/** Every function that takes options, called with what it needs besides. */
const withOptions: Readonly<Record<string, WithOptions>> = {
  tensor: (o) => ff.tensor([1], o),
  full: (o) => ff.full([1], 1, o),
  zeros: (o) => ff.zeros([1], o),
  ones: (o) => ff.ones([1], o),
  fullLike: (o) => ff.fullLike(x, 1, o),
  zerosLike: (o) => ff.zerosLike(x, o),
  onesLike: (o) => ff.onesLike(x, o),
  arange: (o) => ff.arange(3, o),
  'arange from': (o) => ff.arange(0, 3, o),
  'arange in steps': (o) => ff.arange(0, 3, 1, o),
  linspace: (o) => ff.linspace(0, 1, 3, o),
  eye: (o) => ff.eye(2, o),
  'eye, wide': (o) => ff.eye(2, 3, o),
  sum: (o) => x.sum(o),
  prod: (o) => x.prod(o),
  max: (o) => x.max(o),
  min: (o) => x.min(o),
  mean: (o) => x.mean(o),
  variance: (o) => ff.variance(x, o),
  std: (o) => ff.std(x, o),
  norm: (o) => ff.norm(x, o),
  any: (o) => x.any(o),
  all: (o) => x.all(o),
  countNonzero: (o) => ff.countNonzero(x, o),
  argmax: (o) => x.argmax(o),
  argmin: (o) => x.argmin(o),
  logsumexp: (o) => ff.logsumexp(x, o),
  softmax: (o) => ff.softmax(x, o),
  logSoftmax: (o) => ff.logSoftmax(x, o),
  median: (o) => ff.median(x, o),
  quantile: (o) => ff.quantile(x, 0.5, o),
  ptp: (o) => ff.ptp(x, o),
  nansum: (o) => ff.nansum(x, o),
  nanmean: (o) => ff.nanmean(x, o),
  nanmax: (o) => ff.nanmax(x, o),
  nanmin: (o) => ff.nanmin(x, o),
  cumsum: (o) => ff.cumsum(x, o),
  cumlogsumexp: (o) => ff.cumlogsumexp(x, o),
  sort: (o) => ff.sort(x, o),
  argsort: (o) => ff.argsort(x, o),
  topK: (o) => ff.topK(x, 1, o),
  searchsorted: (o) => ff.searchsorted(x, x, o),
  diff: (o) => ff.diff(x, o),
  interp: (o) => ff.interp(x, x, x, o),
  isClose: (o) => ff.isClose(x, x, o),
  nanToNum: (o) => ff.nanToNum(x, o),
  gelu: (o) => ff.gelu(x, o),
  pad: (o) => ff.pad(x, 1, o),
  meshgrid: (o) => ff.meshgrid([x, x], o),
  take: (o) => ff.take(x, [0], o),
  gather: (o) => ff.gather(x, [0], o),
  scatterAdd: (o) => ff.scatterAdd(x, [0], 1, o),
  scatterSet: (o) => ff.scatterSet(x, [0], 1, o),
  oneHot: (o) => ff.oneHot([0], 2, o),
  dotGeneral: (o) => ff.dotGeneral(matrix, matrix, o),
  conv1d: (o) => ff.conv1d(ff.ones([1, 1, 4]), ff.ones([1, 1, 2]), o),
  maxPool1d: (o) => ff.maxPool1d(ff.ones([1, 1, 4]), 2, o),
  grad: (o) => ff.grad((v: ff.Tensor) => v.sum(), o),
  valueAndGrad: (o) => ff.valueAndGrad((v: ff.Tensor) => v.sum(), o),
  jacfwd: (o) => ff.jacfwd(one, o),
  jacrev: (o) => ff.jacrev(one, o),
  hessian: (o) => ff.hessian((v: ff.Tensor) => v.sum(), o),
  vmap: (o) => ff.vmap(one, o),
  jit: (o) => ff.jit(one, o),
  explain: (o) => ff.explain(one, o)(x),
  customJvp: (o) => ff.customJvp(one, ([v]) => [v, v], o),
  customVjp: (o) =>
    ff.customVjp(
      one,
      (v: ff.Tensor) => [v, null],
      () => [null],
      o,
    ),
  scan: (o) => ff.scan((c: ff.Tensor) => [c, null], x, null, o),
};

describe('options', () => {
  it.each(Object.entries(withOptions))('%s: misspelt ones and what is none are named', (name, call) => {
    // A number may stand for an extent there.
    const others = /^(arange|eye)/.test(name) ? [] : [3];
    for (const bad of [{ wrongName: 1 }, null, 'axis', new Date(), ...others])
      expect(() => call(bad as never)).toThrow(ff.FlowfieldError);
  });

  it('are compared with the names there are', async () => {
    await expect(ff.init({ wideVector: true } as never)).rejects.toThrow('Did you mean wideVectors?');
    for (const threads of [0, -1, 1.5, 65, Number.NaN, '2', null] as never[]) {
      await expect(ff.init({ threads })).rejects.toThrow(ff.ArgumentError);
      await expect(ff.init({ threads })).rejects.toThrow(
        /^init: threads: expected a whole number of threads from 1 to 64, got /,
      );
    }
    await expect(ff.init({ wideVectors: 'yes' as never })).rejects.toThrow(
      /^init: wideVectors: expected true or false/,
    );
    expect(() => ff.deviceInfo('cpuu')).toThrow(ff.DeviceError);
    await expect(ff.init(null as never)).rejects.toThrow(ff.ArgumentError);
    expect(() => x.sum({ keepdims: true } as never)).toThrow('Did you mean keepDims?');
    expect(() => ff.grad((v: ff.Tensor) => v.sum(), { argnum: 1 } as never)).toThrow('Did you mean argnums?');
  });

  it.each(['zeros', 'full', 'arange', 'linspace', 'eye', 'tensor', 'oneHot', 'fullLike'])(
    '%s: an unknown dtype is named, under jit too',
    (name) => {
      const call = () => withOptions[name]({ dtype: 'int32' } as never) as ff.Tensor;
      expect(call).toThrow(ff.DTypeError);
      expect(() => ff.jit(call)()).toThrow(ff.DTypeError);
    },
  );
});

describe('callbacks', () => {
  it('that are no functions are named', () => {
    const transforms = [ff.grad, ff.valueAndGrad, ff.jacfwd, ff.jacrev, ff.hessian, ff.vmap, ff.jit, ff.checkpoint];
    for (const transform of transforms)
      for (const bad of [undefined, null, 3, x, {}, 'f'])
        expect(() => (transform as (f: never) => (v: unknown) => unknown)(bad as never)(x)).toThrow(ff.ArgumentError);
    for (const bad of [undefined, x]) {
      expect(() => ff.jvp(bad as never, [x], [x])).toThrow(ff.ArgumentError);
      expect(() => ff.vjp(bad as never, x)).toThrow(ff.ArgumentError);
      expect(() => ff.linearize(bad as never, x)).toThrow(ff.ArgumentError);
    }
  });

  it('that return what is no tensor are named', () => {
    const results = ['text', 1n, Symbol('s'), new Date(), new Map(), () => 1, Promise.resolve(1)];
    const runs = [ff.jit, ff.vmap, ff.checkpoint, ff.jacfwd, ff.jacrev, ff.grad].map(
      (transform) => (result: unknown) => (transform as (f: unknown) => (v: ff.Tensor) => unknown)(() => result)(x),
    );
    runs.push(
      (result) => ff.jvp((_v: ff.Tensor) => result, [x], [x]),
      (result) => ff.vjp((_v: ff.Tensor) => result, x),
      (result) => ff.linearize((_v: ff.Tensor) => result, x),
    );
    for (const run of runs) for (const result of results) expect(() => run(result)).toThrow(ff.FlowfieldError);
  });

  it('directions and cotangents of the wrong form are named', () => {
    for (const bad of [[], [x, x], [[1, 2]], 'x', [null, null]]) {
      const list = (Array.isArray(bad) ? bad : [bad]) as never[];
      expect(() => ff.jvp(one, [x], bad as never)).toThrow(ff.FlowfieldError);
      expect(() => ff.linearize(one, x)[1](...list)).toThrow(ff.FlowfieldError);
    }
    for (const bad of [[x, x], ff.ones([2]), 'x']) expect(() => ff.vjp(one, x)[1](bad)).toThrow(ff.FlowfieldError);
  });

  it('directions and cotangents may be null, which is zero, and numbers', () => {
    const at = ff.tensor([2, 0], { dtype: 'i32' });
    const pick = (v: ff.Tensor, i: ff.Tensor) => ff.take(v, i);
    expect(ff.jvp(pick, [x, at], [x, null])[1].toArray()).toEqual([3, 1]);
    expect(ff.jvp(pick, [x, at], [null, null])[1].toArray()).toEqual([0, 0]);
    expect(ff.linearize(pick, x, at)[1](x, null).toArray()).toEqual([3, 1]);
    const pair = (v: ff.Tensor) => ({ double: v.mul(2), sum: v.sum() });
    expect(ff.vjp(pair, x)[1]({ double: null, sum: 1 })[0].toArray()).toEqual([1, 1, 1]);
    const far = ff.tensor(3, { dtype: 'f64', device: 'reference' });
    expect(ff.jvp((v: ff.Tensor) => v.square(), [far], [0.1])[1].item()).toBe(6 * 0.1);
    expect(
      ff
        .vjp((v: ff.Tensor) => v.square(), far)[1](0.1)[0]
        .item(),
    ).toBe(6 * 0.1);
  });
});

describe('trees', () => {
  it('with odd names keep every leaf apart', () => {
    const odd = { 'a.b': [x], a: { b: [x] }, '': x, __proto__x: x, 'with "quotes"': x, constructor: x, 0: x };
    const paths = ff.tree.paths(odd);
    expect(new Set(paths).size).toBe(7);
    const back = ff.jit((t: typeof odd) => ff.tree.map((v: ff.Tensor) => v.mul(2), t))(odd);
    expect(Object.keys(back).sort()).toEqual(Object.keys(odd).sort());
    expect(back['a.b'][0].toArray()).toEqual([2, 4, 6]);
  });

  it('that hold themselves are a named error', () => {
    const circle: Record<string, unknown> = { x };
    circle.self = circle;
    expect(() => ff.tree.leaves(circle)).toThrow(ff.tree.TreeError);
    expect(() => ff.jit((t: unknown) => t)(circle)).toThrow(ff.tree.TreeError);
  });

  it('with holes are trees with nothing there', () => {
    // biome-ignore lint/suspicious/noSparseArray: what is checked here.
    expect(ff.tree.map((v: ff.Tensor) => v.shape, [x, , x] as ff.Tensor[])).toEqual([[3], undefined, [3]]);
  });
});

test('no function answers a wrong call with an error of the engine', { timeout: 60_000 }, async () => {
  // Tools of the packages that check arguments are given names and lists that stand in the source.
  const tools = ['checkedOptions', 'nearestName', 'firstNonFinite'];
  expect(await engineErrors(ff, [...tools, 'init', 'clearCaches', 'defaultDevice'])).toEqual([]);
});
