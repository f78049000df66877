import { compileErrors, oldestConsumer } from '@flowfield/testing';
import { expect, test } from 'vitest';
import { tensor } from './index.ts';

const program = `
import { type Device, grad, init, jit, linalg, random, Tensor, tensor, vmap } from '@flowfield/tensor-webgpu';
import { ArgumentError } from '@flowfield/tensor-webgpu/errors';
import { scalar } from '@flowfield/tensor-webgpu/scalar';
import * as tree from '@flowfield/tensor-webgpu/tree';

const slope: Tensor = grad((x) => x.mul(x).sum())(tensor([1]));
export const rows: number[][] = vmap((x) => x.mul(2))(slope).toArray(2);
export const error: ArgumentError | null = null;
export { type Device, init, jit, linalg, random, scalar, tree };
`;

test('the declarations compile in a project that has neither the library of a page nor that of using', (context) => {
  // Only the build has declarations.
  if (process.env.TEST_BUILT !== '1') context.skip('this looks at the build');
  expect(tensor([1]).size).toBe(1);
  for (const exactOptionalPropertyTypes of [false, true]) {
    const options = { ...oldestConsumer, exactOptionalPropertyTypes };
    const errors = compileErrors([{ name: 'program', code: program }], new URL('..', import.meta.url), options);
    expect(errors, `exactOptionalPropertyTypes ${exactOptionalPropertyTypes}`).toEqual([]);
  }
}, 300_000);
