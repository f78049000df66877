import { expect, test } from 'vitest';
import * as ff from './index.ts';

/** What a second copy of the library makes: a tensor of another class, with the mark that both copies share. */
function foreign(): ff.Tensor {
  class Tensor {
    readonly shape = [2];
    readonly dtype = 'u32';
    get [Symbol.for('@flowfield/tensor-webgpu')](): string {
      return 'file:///elsewhere/node_modules/@flowfield/tensor-webgpu/dist/index.js';
    }
  }
  return new Tensor() as unknown as ff.Tensor;
}

test('tensors of another copy of the library are named as such wherever they come in', () => {
  const x = ff.ones([2]);
  const uses: (() => unknown)[] = [
    () => ff.random.normal(foreign(), [2]),
    () => x.add(foreign()),
    () => ff.matmul(foreign(), x),
    () => ff.tensor(foreign()),
    () => ff.zerosLike(foreign()),
    () => ff.stack([x, foreign()]),
    () => ff.jit((a: ff.Tensor) => a)(foreign()),
    () => ff.grad((p: { w: ff.Tensor }) => p.w.sum())({ w: foreign() }),
    () => ff.vmap((a: ff.Tensor) => a)(foreign()),
    () => ff.scan<ff.Tensor, null, null>((c) => [c, null], foreign(), null, { length: 2 }),
    () => ff.foriLoop(foreign(), 3, (_, c) => c, x),
    () => ff.jit(() => foreign())(),
  ];
  for (const use of uses) {
    expect(use).toThrow(ff.DuplicateError);
    expect(use).toThrow(/second copy.*file:\/\/\/elsewhere.*npm ls @flowfield\/tensor-webgpu/);
  }
});

test('two copies carry the mark', async () => {
  expect(Symbol.for('@flowfield/tensor-webgpu') in ff.ones([1])).toBe(true);
});
