import { expect, test } from 'vitest';
import { grad, jit, jvp, scan, type Tensor, tensor, whileLoop } from '../../index.ts';

const doubled = (x: Tensor): Tensor =>
  whileLoop(
    (y: Tensor) => y.less(100),
    (y: Tensor) => y.mul(2),
    x,
    { reverseMode: 'Give steps instead.' },
  );

test('a loop says what to do instead of reverse mode: alone, compiled, and inside another loop', () => {
  const nested = (x: Tensor): Tensor => scan((c: Tensor) => [doubled(c.mul(0.1)), null], x, null, { length: 2 })[0];
  for (const f of [doubled, jit(doubled), nested]) {
    expect(() => grad(f)(tensor(3))).toThrow(/^Give steps instead\.$/);
    expect(jvp(f, [tensor(3)], [tensor(1)])[1].item()).toBeGreaterThan(0);
  }
  expect(() =>
    whileLoop(
      (y: Tensor) => y.less(1),
      (y: Tensor) => y,
      tensor(2),
      { reverse: 'x' } as object,
    ),
  ).toThrow(/Did you mean reverseMode\?/);
});
