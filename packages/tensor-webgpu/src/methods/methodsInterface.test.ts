import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { methodsInterface } from './testing/methodsInterface.ts';

/** The text without what the formatter moves. */
const words = (text: string): string => text.replace(/[,;\s]+/g, '');

it('src/tensor/methods.ts is what the functions say; `pnpm docs:methods` writes it anew', () => {
  const written = readFileSync(new URL('../tensor/methods.ts', import.meta.url), 'utf8');
  // Not toBe: the difference of two whole files is no help.
  expect(words(written) === words(methodsInterface())).toBe(true);
});
