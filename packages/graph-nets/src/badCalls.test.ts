import { engineErrors } from '@flowfield/testing';
import { expect, test } from 'vitest';
import * as own from './index.ts';

test('no function answers a wrong call with an error of the engine', { timeout: 60_000 }, async () => {
  expect(await engineErrors(own)).toEqual([]);
});
