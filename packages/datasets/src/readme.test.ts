import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = new URL('..', import.meta.url);

function codeBlock(language: string): string {
  const readme = readFileSync(new URL('README.md', folder), 'utf8');
  return readme.split(`\`\`\`${language}\n`)[1]!.split('```')[0]!;
}

it('prints what the README says', () => {
  const printed = execFileSync(
    process.execPath,
    ['--conditions=@flowfield/source', '--input-type=module-typescript', '--eval', codeBlock('ts')],
    { cwd: folder, encoding: 'utf8' },
  );
  expect(printed).toBe(codeBlock('text'));
});
