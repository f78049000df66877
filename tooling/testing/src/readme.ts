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

/** What runs before an example on a GPU: what it prints may still be on its way when it is printed. */
const onWebgpu = `
  import * as tensors from '@flowfield/tensor-webgpu';
  await tensors.init({ device: 'webgpu' });
  const print = console.log;
  const printed: unknown[][] = [];
  console.log = (...values: unknown[]) => void printed.push(values);
`;

const afterwards = `
  if (tensors.defaultDevice().name !== 'webgpu') throw new Error('the example ran on another device');
  for (const values of printed) print(...(await tensors.toHost(values)));
`;

/** Whether the GPU is a program for the CPU, on which long training takes minutes. */
const isSlow = /swiftshader|lavapipe|llvmpipe/i.test(process.env.VK_DRIVER_FILES ?? '');

/** Numbers of hundreds of steps or rounds, cut to what a slow GPU can do. */
const cutShort = (code: string): string =>
  isSlow ? code.replace(/\b(steps: |i < |validateEvery: )\d{3,}/g, (_, what) => `${what}60`) : code;

/**
 * Tests that the examples of a README run on WebGPU and print what they say, as whoever adds `await init({ device: 'webgpu' })`
 * to them sees it. Those that speak of float64 are skipped, which no GPU has. Where there is only a slow one, training is cut
 * short, and what it prints then is not compared.
 */
export function testReadmeOnWebgpu(readme: URL, folder: URL): void {
  test.for(readmeExamples(readme))('README example $title on a GPU', ({ code, output }, { skip }) => {
    if (/f64|float64/.test(code)) skip('float64, which a GPU does not have');
    const example = cutShort(code);
    const printed = runExample(`${onWebgpu}\n${example}\n${afterwards}`, folder);
    if (output !== null && example === code) expect(printed).toBe(output);
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
