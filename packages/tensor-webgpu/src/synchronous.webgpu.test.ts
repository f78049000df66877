import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from './index.ts';
import * as ff from './index.ts';

beforeAll(async () => {
  await ff.init({ device: 'webgpu' });
});

/** Every tensor of a result lives on the GPU and can be read. */
async function numbersOf(result: unknown): Promise<number[][]> {
  const tensors = ff.tree.leaves<Tensor>(result as never);
  for (const tensor of tensors) expect(tensor.device?.name).toBe('webgpu');
  return (await Promise.all(tensors.map((tensor) => tensor.data()))).map((data) => [...data]);
}

describe('reading at once from a GPU', () => {
  const reads: Record<string, (x: Tensor) => unknown> = {
    item: (x) => x.sum().item(),
    dataSync: (x) => x.dataSync(),
    toArray: (x) => x.toArray(),
    toJSON: (x) => JSON.stringify({ x }),
  };
  for (const [name, read] of Object.entries(reads)) {
    it(`${name} says what to await`, () => {
      const x = ff.tensor([1, 2, 3]).mul(2);
      expect(() => read(x)).toThrow(ff.DeviceError);
      expect(() => read(x)).toThrow(new RegExp(`^${name}: device 'webgpu' .*await x\\.data\\(\\)`));
    });
  }

  it('text for people needs no read, and numbers are not made by accident', () => {
    const x = ff.tensor([1, 2]).mul(2);
    expect(`${x}`).toContain('Tensor f32[2] webgpu');
    expect(() => Number(x)).toThrow(ff.ArgumentError);
  });

  it('what is awaited is the same by every way', async () => {
    const x = ff.tensor([1, 2, 3]).mul(2);
    expect([...(await x.data())]).toEqual([2, 4, 6]);
    const here = await ff.toHost({ x, sum: x.sum() });
    expect(here.x.toArray()).toEqual([2, 4, 6]);
    expect(here.sum.item()).toBe(12);
  });
});

describe('nothing reads at once by itself', () => {
  const gpu = (data: number[] | number[][]): Tensor => ff.tensor(data, { device: 'webgpu' });

  it('draws, whose parameters lie on the GPU', async () => {
    const key = ff.random.key(3);
    const p = gpu([0.2, 0.3, 0.5]);
    const draws = {
      bernoulli: ff.random.bernoulli(key, p),
      categorical: ff.random.categorical(key, p.log()),
      choice: ff.random.choice(key, gpu([4, 5, 6]), [5], { p }),
      without: ff.random.choice(key, 3, [2], { p, replace: false }),
      gamma: ff.random.gamma(key, p),
      beta: ff.random.beta(key, p, p),
      dirichlet: ff.random.dirichlet(key, p),
      randint: ff.random.randint(key, [4], 0, 9),
      permutation: ff.random.permutation(key, p),
      truncated: ff.random.truncatedNormal(key, p.neg(), p, [3]),
      gaussian: ff.random.multivariateNormal(
        key,
        gpu([0, 1]),
        gpu([
          [2, 1],
          [1, 3],
        ]),
      ),
      orthogonal: ff.random.orthogonal(key, 3),
    };
    for (const data of await numbersOf(draws)) for (const value of data) expect(value).not.toBeNaN();
  });

  it('draws whose parameters are wrong: NaN or nothing of a drawn value, where the CPU would throw', async () => {
    const key = ff.random.key(4);
    const wrong = gpu([-1, Number.NaN]);
    const [gamma, dirichlet] = await numbersOf([ff.random.gamma(key, wrong), ff.random.dirichlet(key, wrong)]);
    for (const value of [...gamma, ...dirichlet]) expect(value).toBeNaN();
    // Numbers and lists are seen where they are given.
    expect(() => ff.random.gamma(key, -1)).toThrow(ff.ArgumentError);
    expect(() => ff.random.choice(key, 3, [2], { p: [0.5, 0.5, -1] })).toThrow(ff.ArgumentError);
  });

  it('linear algebra, of matrices good and bad', async () => {
    const a = gpu([
      [4, 1, 0],
      [1, 3, 1],
      [0, 1, 2],
    ]);
    const b = gpu([[1], [2], [3]]);
    const { linalg } = ff;
    const results = {
      det: linalg.det(a),
      slogdet: linalg.slogdet(a),
      inv: linalg.inv(a),
      solve: linalg.solve(a, b),
      cholesky: linalg.cholesky(a),
      eigh: linalg.eigh(a),
      qr: linalg.qr(a),
      svd: linalg.svd(a),
      lu: linalg.lu(a),
      expm: linalg.expm(a),
      logm: linalg.logm(a),
      sqrtm: linalg.sqrtm(a),
      powm: linalg.powm(a, 0.5),
      matrixPower: linalg.matrixPower(a, -2),
      pinv: linalg.pinv(a),
      rank: linalg.matrixRank(a),
      lstsq: linalg.lstsq(a, b),
      cond: linalg.cond(a),
      norm: linalg.norm(a, { ord: 2 }),
    };
    for (const data of await numbersOf(results)) for (const value of data) expect(value).not.toBeNaN();
    await numbersOf([linalg.cholesky(a.neg()), linalg.inv(a.mul(0)), linalg.lstsq(a.mul(Number.NaN), b)]);
  });

  it('looking up, sorting and counting, with indices out of range', async () => {
    const x = gpu([3, 1, 2]);
    const at = ff.tensor([2, 7, -1], { dtype: 'i32', device: 'webgpu' });
    await numbersOf([
      ff.take(x, at),
      ff.oneHot(at, 3),
      ff.segmentSum(x, at, 2),
      ff.segmentSoftmax(x, at, 3),
      ff.scatterAdd(x, at, x),
      ff.topK(x, 2),
      ff.quantile(x, [0.1, 0.9]),
      ff.searchsorted(ff.sort(x), x),
      ff.interp(x, ff.sort(x), x),
      ff.dynamicSlice(x, [at.slice(1)], [2]),
    ]);
  });
});
