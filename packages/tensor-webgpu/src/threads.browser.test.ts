import { expect, it } from 'vitest';
import * as ff from './index.ts';

const step = ff.jit((x: ff.Tensor) => x.matmul(x).tanh().matmul(x).mul(0.01));

function total(turns: number): number {
  let y = ff.random.normal(ff.random.key(0), [256, 256]);
  for (let i = 0; i < turns; i++) y = step(y);
  return y.sum().item();
}

it('an isolated page has threads, which give the bits of one', async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  await ff.init({ threads: 1 });
  const alone = total(40);
  await ff.init({ threads: 2 });
  // Threads start while the page goes on; from some call on they take part.
  for (let turn = 0; turn < 10; turn++) {
    expect(total(40)).toBe(alone);
    await new Promise((next) => setTimeout(next, 50));
  }
  const { threads, notes } = ff.deviceInfo('cpu');
  expect(threads).toBe(2);
  expect(notes.join()).not.toContain('One thread');
  expect(ff.explain(step)(ff.zeros([256, 256])).threads).toBe(2);
});
