import { init, jit, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { beforeAll, expect, it } from 'vitest';
import { condOTScheduler, convert, SingularConversionError } from './index.ts';

beforeAll(async () => {
  await init({ device: 'webgpu' });
});

const x = () =>
  tensor([
    [1, 2],
    [3, 4],
  ]);
const toVelocity = (t: Tensor): Tensor =>
  convert(condOTScheduler(), x(), { from: 'noise', to: 'velocity', xt: x(), t });

it('a time at which a conversion has no value is told when a result is read, and once', async () => {
  const singular = toVelocity(tensor([0.5, 0]));
  const error = await singular.data().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SingularConversionError);
  expect((error as Error).message).toMatch(/α of .* is 0 at t = 0 in row 1.*Stay at times above 0/);
  expect([...(await toVelocity(tensor([0.5, 0.25])).data())].every(Number.isFinite)).toBe(true);
});

it('inside a trace the result is finite', async () => {
  const found = await jit(toVelocity)(tensor([0.5, 0])).data();
  expect([...found].every(Number.isFinite)).toBe(true);
});
