import { ArgumentError } from '@flowfield/tensor-webgpu';
import { expect, it } from 'vitest';
import { browserStorage } from '../browser.ts';
import { StorageError } from '../index.ts';

it('says what is missing where there is no browser, and names options that do not fit', async () => {
  await expect(browserStorage('run')).rejects.toThrow(StorageError);
  await expect(browserStorage('run')).rejects.toThrow(/cannot keep files in OPFS or IndexedDB.*memoryStorage\(\)/);
  await expect(browserStorage('run', { kind: 'opfs' })).rejects.toThrow(/cannot keep files in opfs/);
  await expect(browserStorage('run', { kind: 'file' as never })).rejects.toThrow(ArgumentError);
  await expect(browserStorage('run', { king: 'opfs' } as never)).rejects.toThrow(/Did you mean kind\?/);
});
