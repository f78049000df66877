import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const { tensor } = ff;
type Form = (x: ff.Tensor, i: ff.Tensor) => ff.Tensor;

/** Functions that take indices, with their results at each index of a line of three. */
const reads: Readonly<Record<string, Form>> = {
  take: (x, i) => ff.take(x, i),
  gather: (x, i) => ff.gather(x, i),
  takeAlongAxis: (x, i) => ff.takeAlongAxis(x, i, 0),
  dynamicSlice: (x, i) => ff.concat([0, 1, 2].map((k) => ff.dynamicSlice(x, [i.at(k)], [1]))),
};
const writes: Readonly<Record<string, Form>> = {
  scatterAdd: (x, i) => ff.scatterAdd(x, i, [1, 2, 4]),
  scatterSet: (x, i) => ff.scatterSet(x, i, [11, 12, 14]),
  scatterMul: (x, i) => ff.scatterMul(x, i, [2, 3, 5]),
  scatterMin: (x, i) => ff.scatterMin(x, i, [1, 2, 4]),
  scatterMax: (x, i) => ff.scatterMax(x, i, [100, 200, 400]),
};
const plain = (name: string): number[] =>
  name === 'scatterAdd'
    ? [11, 24, 32]
    : name === 'scatterSet'
      ? [11, 14, 12]
      : name === 'scatterMul'
        ? [20, 100, 90]
        : name === 'scatterMin'
          ? [1, 4, 2]
          : [100, 400, 200];

describe.each(['cpu', 'reference'])('indices on %s', (device) => {
  const line = tensor([10, 20, 30], { device });
  const at = (values: number[], dtype: 'i32' | 'u32' = 'i32'): ff.Tensor => tensor(values, { dtype, device });
  const ways: Readonly<Record<string, (f: Form, i: ff.Tensor) => ff.Tensor>> = {
    eagerly: (f, i) => f(line, i),
    'under jit': (f, i) => ff.jit(f)(line, i),
    'under vmap': (f, i) =>
      ff
        .vmap(f, { inAxes: [null, 0] })(line, i.expandDims(0))
        .squeeze(0),
    'with both mapped': (f, i) => ff.vmap(f)(line.expandDims(0), i.expandDims(0)).squeeze(0),
  };

  describe.each(Object.entries(ways))('%s', (_way, run) => {
    it.each(Object.entries(reads))(
      '%s: negative ones count from the end, beyond it the nearest place is read',
      (_n, f) => {
        expect(run(f, at([-1, -3, 1])).toArray()).toEqual([30, 10, 20]);
        expect(run(f, at([-4, 3, 5])).toArray()).toEqual([10, 30, 30]);
        expect(run(f, at([4294967295, 2147483648, 2], 'u32')).toArray()).toEqual([30, 30, 30]);
        expect(run(f, at([-(2 ** 31), 2 ** 31 - 1, 0])).toArray()).toEqual([10, 30, 10]);
      },
    );

    it.each(Object.entries(writes))('%s: negative ones count from the end, beyond it nothing is written', (name, f) => {
      expect(run(f, at([-3, -1, -2])).toArray()).toEqual(plain(name));
      expect(run(f, at([-4, 3, 7])).toArray()).toEqual([10, 20, 30]);
      expect(run(f, at([4294967295, 3, 2147483648], 'u32')).toArray()).toEqual([10, 20, 30]);
    });
  });

  it('derivatives go where the values came from', () => {
    const slope = (f: Form, i: ff.Tensor) =>
      ff
        .grad((x: ff.Tensor) =>
          f(x, i)
            .mul(tensor([1, 2, 4], { device }))
            .sum(),
        )(line)
        .toArray();
    for (const f of [reads.take, reads.gather, reads.takeAlongAxis])
      expect(slope(f, at([-1, -3, 1]))).toEqual([2, 4, 1]);
    expect(slope(writes.scatterSet, at([-1, -1, 7]))).toEqual([1, 2, 0]);
  });

  it('oneHot counts from the end and gives zeros beyond it; segments have no end', () => {
    expect(ff.oneHot(at([-1, 0, 3]), 3).toArray()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    const data = tensor([1, 2, 4], { device });
    expect(ff.segmentSum(data, at([-1, 1, 5]), 2).toArray()).toEqual([0, 2]);
    expect(ff.segmentSum(data, at([4294967295, 1, 1], 'u32'), 2).toArray()).toEqual([0, 6]);
    expect(ff.segmentSoftmax(data, at([-1, 1, 5]), 2).toArray()).toEqual([0, 1, 0]);
  });

  it('blocks are moved until they fit, after their starts have counted from the end', () => {
    const block = (start: number | ff.Tensor) => ff.dynamicSlice(line, [start], [2]).toArray();
    expect([-1, -2, -3, -9, 1, 2, 9].map(block)).toEqual([
      [20, 30],
      [20, 30],
      [10, 20],
      [10, 20],
      [20, 30],
      [20, 30],
      [20, 30],
    ]);
    expect(block(-1)).toEqual(block(at([-1]).at(0)));
    expect(ff.dynamicUpdateSlice(line, [7], [-1]).toArray()).toEqual([10, 20, 7]);
  });
});

describe('indices written down', () => {
  it('go to the device of what they index, as the integers that they are', () => {
    const x = tensor([1, 2, 3], { device: 'reference' });
    expect(ff.take(x, [0, -1]).toArray()).toEqual([1, 3]);
    expect(ff.gather(x, -1).item()).toBe(3);
    expect(ff.takeAlongAxis(x, [2, 0], 0).toArray()).toEqual([3, 1]);
    expect(ff.scatterAdd(x, [-1], [5]).toArray()).toEqual([1, 2, 8]);
    const long = ff.arange(2 ** 24 + 2);
    expect(ff.take(long, [2 ** 24 + 1]).toArray()).toEqual([2 ** 24 + 1]);
    expect(ff.take(long, 2 ** 24 + 1).item()).toBe(2 ** 24 + 1);
  });

  it('are checked at once', () => {
    for (const f of [ff.take, ff.gather, (x: ff.TensorLike, i: ff.TensorLike) => ff.scatterAdd(x, i, 1)]) {
      expect(f([1, 2, 3], [-1]).toArray()).toBeTruthy();
      for (const bad of [3, -4, 0.5, Number.NaN]) expect(() => f([1, 2, 3], [bad])).toThrow(ff.ArgumentError);
    }
    expect(() => ff.dynamicSlice([1, 2, 3], [0.5], [1])).toThrow(ff.ArgumentError);
    expect(() => ff.gather([1, 2, 3], [0], { batchDims: -1 })).toThrow(ff.ArgumentError);
  });
});
