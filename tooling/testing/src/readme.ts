import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileErrors } from './strictConsumer.ts';

/**
 * Tests of the `ts` blocks of a README. Each runs in `folder`, and prints the `text` block below it where there is one;
 * together they compile as the files of a strict consumer. A README without an example fails.
 */
export function testReadme(readme: URL, folder: URL): void {
  const examples = readmeExamples(readme);
  test('the README has an example', () => expect(examples).not.toHaveLength(0));
  test.each(examples)('README example $title prints what it says', ({ code, output }) => {
    const printed = runExample(code, folder);
    if (output !== null) expect(printed).toBe(output);
  });
  test('README examples compile for a strict consumer', { timeout: 300_000 }, () => {
    const files = examples.map(({ code, title }) => ({ name: `example ${title}`, code }));
    expect(compileErrors(files, folder)).toEqual([]);
  });
}

/** An example of a README: code, and the output printed below it (`null` when none is shown). */
interface ReadmeExample {
  readonly title: string;
  readonly code: string;
  readonly output: string | null;
}

/** The `ts` blocks of a README in order, each with the `text` block that directly follows it. */
function readmeExamples(readme: URL): ReadmeExample[] {
  const text = readFileSync(readme, 'utf8');
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```(?:\s*```text\n([\s\S]*?)```)?/g)];
  return blocks.map((block, i) => {
    const heading = text
      .slice(0, block.index)
      .match(/^#+ (.*)$/gm)
      ?.at(-1)
      ?.replace(/^#+ /, '');
    return { title: `${i + 1}: ${heading ?? ''}`, code: block[1], output: block[2] ?? null };
  });
}

/** Runs an example in `folder` as a user's own file would run there, and returns what it prints. */
function runExample(code: string, folder: URL): string {
  return execFileSync(
    process.execPath,
    ['--conditions=@flowfield/source', '--input-type=module-typescript', '--eval', code],
    { cwd: folder, encoding: 'utf8' },
  );
}
