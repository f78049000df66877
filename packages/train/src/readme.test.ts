import { readmeExamples, runExample } from '@flowfield/testing';
import { expect, it } from 'vitest';

const folder = new URL('..', import.meta.url);

it.each(readmeExamples(new URL('README.md', folder)))(
  'README example $title prints what it says',
  ({ code, output }) => {
    const printed = runExample(code, folder);
    if (output !== null) expect(printed).toBe(output);
  },
);
