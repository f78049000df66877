// pnpm layout: the habits of the house that no other tool checks.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { root } from './workspace.mjs';

const longestFile = 400;
const sourceFile = /\.(ts|mjs)$/;
const testFile = /\.(test|bench)\.ts$/;
/** Names that say nothing about what is inside. */
const emptyNames = /^(utils?|helpers?|misc|common)(\.|$)/;
const reExports = /^(export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'[^']+';|export\s*\{\s*\};|\s)*$/;

const problems = [];

for (const parent of ['packages', 'apps', 'tooling']) {
  for (const entry of readdirSync(join(root, parent), { withFileTypes: true })) {
    const folder = join(root, parent, entry.name);
    if (!entry.isDirectory()) continue;
    for (const file of filesOf(folder)) checkFile(file);
    if (existsSync(join(folder, 'package.json'))) checkPackage(folder);
  }
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function checkFile(file) {
  if (!sourceFile.test(file)) return;
  const lines = readFileSync(file, 'utf8').split('\n').length - 1;
  if (lines > longestFile && !testFile.test(file)) {
    report(file, `${lines} lines; expected at most ${longestFile}: one idea per file.`);
  }
}

function checkPackage(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const path = relative(root, folder).replaceAll('\\', '/');
  const expect = (holds, rule) => {
    if (!holds) report(join(folder, 'package.json'), rule);
  };
  expect(manifest.type === 'module', "expected type 'module'.");
  expect(manifest.sideEffects === false, 'expected sideEffects: false.');
  expect(manifest.license === 'MIT', "expected license 'MIT'.");
  expect(manifest.engines?.node !== undefined, 'expected engines.node.');
  expect(manifest.repository?.directory === path, `expected repository.directory '${path}'.`);

  const index = join(folder, 'src', 'index.ts');
  if (existsSync(index) && !reExports.test(withoutComments(readFileSync(index, 'utf8')))) {
    report(index, 'expected re-exports only.');
  }
  if (!manifest.private && !existsSync(join(folder, 'README.md'))) {
    report(folder, 'a published package needs a README.md.');
  }
}

function withoutComments(source) {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

function* filesOf(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (['node_modules', 'dist', '.turbo', 'coverage'].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (emptyNames.test(basename(path))) report(path, 'name the file or folder after what it holds.');
    if (entry.isDirectory()) yield* filesOf(path);
    else yield path;
  }
}

function report(path, problem) {
  problems.push(`${relative(root, path)}: ${problem}`);
}
