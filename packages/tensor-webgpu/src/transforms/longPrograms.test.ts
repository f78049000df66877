import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const LENGTHS = [2000];

/** Chains as long as loops without a loop: nothing may recurse over them. */
const chains: Readonly<Record<string, (v: ff.Tensor, n: number) => ff.Tensor>> = {
  adds: (v, n) => repeat(n, v, (u) => u.add(1)),
  sines: (v, n) => repeat(n, v, (u) => u.sin()),
  products: (v, n) => repeat(n, v, (u) => u.mul(v).sub(u.mean()).tanh()),
  views: (v, n) => repeat(n, v, (u, k) => u.reshape(k % 2 === 0 ? [2, 1] : [2])).reshape([2]),
  broadcasts: (v, n) => repeat(n, v, (u) => ff.broadcastTo(u, [1, 2]).reshape([2])),
  fan: (v, n) => Array.from({ length: n }, (_, k) => v.mul(k / n)).reduce((sum, part) => sum.add(part)),
};

function repeat(n: number, start: ff.Tensor, step: (v: ff.Tensor, k: number) => ff.Tensor): ff.Tensor {
  let v = start;
  for (let k = 0; k < n; k++) v = step(v, k);
  return v;
}

describe('transforms of long programs', () => {
  // On the device that has no compiler: what is checked is the way there.
  beforeAll(() => void ff.defaultDevice('reference'));
  afterAll(() => void ff.defaultDevice('cpu'));

  it.each(LENGTHS.flatMap((n) => Object.keys(chains).map((name) => [n, name] as const)))(
    '%d %s are traced, differentiated, mapped and simplified',
    { timeout: 60_000 },
    (n, name) => {
      const x = ff.tensor([0.5, 0.25], { dtype: 'f64' });
      const f = (v: ff.Tensor) => chains[name](v, n);
      const value = ff.jit(f)(x);
      expect(ff.vmap(f)(x.expandDims(0)).squeeze(0).toArray()).toEqual(value.toArray());
      const slope = ff.grad((v: ff.Tensor) => f(v).sum())(x);
      const [, along] = ff.jvp(f, [x], [ff.tensor([1, 1], { dtype: 'f64' })]);
      expect(slope.sum().item()).toBeCloseTo(along.sum().item(), 9);
      expect(ff.checkpoint(f)(x).toArray()).toEqual(value.toArray());
    },
  );

  it('1,000 sines have the derivative of 1,000 sines', () => {
    let [value, slope] = [0.5, 1];
    for (let k = 0; k < 1000; k++) [value, slope] = [Math.sin(value), slope * Math.cos(value)];
    const x = ff.tensor(0.5, { dtype: 'f64' });
    expect(
      ff
        .grad((v: ff.Tensor) => repeat(1000, v, (u) => u.sin()))(x)
        .item(),
    ).toBeCloseTo(slope, 12);
  });
});
