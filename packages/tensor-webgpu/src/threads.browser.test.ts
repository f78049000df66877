import { expect, it } from 'vitest';
import * as ff from './index.ts';

const step = ff.jit((x: ff.Tensor, w: ff.Tensor) => x.matmul(w).tanh());

function total(turns: number): number {
  const [x, w] = [0, 1].map((seed) => ff.random.normal(ff.random.key(seed), [256, 256]));
  let y = x;
  for (let i = 0; i < turns; i++) y = step(y, w);
  return y.square().sum().item();
}

it('an isolated page has threads, which give the bits of one', async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  await ff.init({ threads: 1 });
  const alone = total(40);
  expect(alone).toBeGreaterThan(1000);
  await ff.init({ threads: 2 });
  // Threads start while the page goes on; from some call on they take part.
  for (let turn = 0; turn < 10; turn++) {
    expect(total(40)).toBe(alone);
    await new Promise((next) => setTimeout(next, 50));
  }
  const { threads, notes } = ff.deviceInfo('cpu');
  expect(threads).toBe(2);
  expect(notes.join()).not.toContain('One thread');
  expect(ff.explain(step)(ff.zeros([256, 256]), ff.zeros([256, 256])).threads).toBe(2);
});
