import { type CheckedLibrary, checkOp } from '@flowfield/testing';
import { describe, expect, test } from 'vitest';
import * as library from '../../index.ts';
import { deviceNamed } from '../../runtime/registry.ts';
import { opTable } from './index.ts';

describe.each(library.devices())('every function on %s', (name) => {
  const { dtypes } = deviceNamed(name);
  test.each(opTable.map((entry) => [entry.name, entry] as const))('%s', async (_name, entry) => {
    await checkOp(library as unknown as CheckedLibrary, entry, name, dtypes);
  });
});

test('names in the table are distinct', () => {
  const names = opTable.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
