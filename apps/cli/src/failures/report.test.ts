import { expect, test } from 'vitest';
import { UsageError } from './failures.ts';
import { reportFailure } from './report.ts';

test('a message is short, whatever data it quotes, and keeps its remedy', () => {
  const { message } = reportFailure(
    new UsageError(`expected a latitude, given '${'9'.repeat(1_000_000)}'; correct the line`),
  );
  expect(message.length).toBeLessThanOrEqual(400);
  expect(message).toMatch(/^flowfield: expected a latitude.* \.\.\. .*correct the line$/);
});

test.each([
  ['ENOSPC', 'write', /cannot write '\/a\/b': the disk is full: free space/],
  ['EROFS', 'open', /cannot write '\/a\/b': it is on a disk that cannot be written to/],
  ['EACCES', 'open', /cannot read '\/a\/b': you have no permission/],
])('%s: file, reason, remedy', (code, syscall, expected) => {
  const error = Object.assign(new Error(`${code}: ${syscall} '/a/b'`), { code, syscall, path: '/a/b' });
  const { message, code: exit } = reportFailure(error);
  expect(message).toMatch(expected);
  expect(exit).toBe(1);
});

test('a fault of the program shows where it happened', () => {
  expect(reportFailure(new TypeError('x is not a function')).message).toContain('    at ');
});
