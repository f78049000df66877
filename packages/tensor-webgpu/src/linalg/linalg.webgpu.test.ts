import { type CheckedLibrary, checkOp } from '@flowfield/testing/checkOp';
import { beforeAll, expect, test } from 'vitest';
import * as library from '../index.ts';
import { deviceNamed } from '../runtime/registry.ts';
import { linalgTable } from './table.ts';

beforeAll(async () => {
  expect((await library.init({ device: 'webgpu' }))[0]).toBe('webgpu');
  library.defaultDevice('cpu');
});

test.each(linalgTable.map((entry) => [entry.name, entry] as const))('%s', async (_name, entry) => {
  await checkOp(library as unknown as CheckedLibrary, entry, 'webgpu', deviceNamed('webgpu').dtypes);
});
