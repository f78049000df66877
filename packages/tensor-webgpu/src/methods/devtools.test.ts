import { expect, it } from 'vitest';
import { tensor } from '../index.ts';
import { formatInConsole } from './devtools.ts';

it('a console with custom formatters writes tensors with their numbers, and leaves the rest alone', () => {
  const page: Parameters<typeof formatInConsole>[0] = {};
  formatInConsole(page);
  formatInConsole(page);
  expect(page?.devtoolsFormatters).toHaveLength(1);
  const [formatter] = page?.devtoolsFormatters ?? [];
  const x = tensor([1, 2]);
  expect(formatter.header(x)).toEqual(['span', {}, 'Tensor f32[2] cpu [1, 2]']);
  expect(formatter.hasBody(x)).toBe(false);
  expect(formatter.header({ shape: [2] })).toBeNull();
  expect(formatter.header(null)).toBeNull();
});
