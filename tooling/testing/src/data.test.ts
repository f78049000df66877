import { expect, test } from 'vitest';
import { hasData } from './index.ts';

test('a data set that no folder holds is reported as absent', () => {
  expect(hasData('no-such-data-set')).toBe(false);
});
