import { readmeExamples, runExample } from '@flowfield/testing';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const folder = new URL('..', import.meta.url);

// The README of the house stands outside all packages; its example runs where every package can be found.
it.each(readmeExamples(new URL('README.md', root)))('README example $title prints what it says', ({ code, output }) => {
  expect(runExample(code, folder)).toBe(output);
});
