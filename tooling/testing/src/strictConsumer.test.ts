import { expect, test } from 'vitest';
import { compileErrors } from './strictConsumer.ts';

test('errors of a strict consumer are named by file and line, once for both resolutions', () => {
  const files = [
    { name: 'good', code: 'export const twice = (x: number): number => 2 * x;\n' },
    { name: 'bad', code: '\nexport const twice = (x) => 2 * x;\n' },
  ];
  expect(compileErrors(files, new URL('..', import.meta.url))).toEqual([
    "bad, line 2: Parameter 'x' implicitly has an 'any' type. (bundler, nodenext)",
  ]);
}, 60_000);
