import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';

interface EntryConditions {
  '@flowfield/source'?: string;
  default?: string;
}

/** The public entries of a package: source file -> built file. */
function publicEntries(folder: string): Map<string, string> {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const exports: Record<string, EntryConditions | string> = manifest.exports ?? {};
  const entries = new Map<string, string>();
  for (const entry of Object.values(exports)) {
    if (typeof entry === 'string' || !entry['@flowfield/source'] || !entry.default) continue;
    if (entry.default !== entry['@flowfield/source']) {
      entries.set(join(folder, entry['@flowfield/source']), join(folder, entry.default));
    }
  }
  return entries;
}

/**
 * The tests of a package that reach it through its public entries alone (`import { mlp } from './index.ts'`), so
 * that they mean the same on the build. A test that opens an internal module is of the source only.
 */
export function publicEntryTests(folder: string): string[] {
  const entries = publicEntries(folder);
  if (entries.size === 0) return [];
  return globSync('src/**/*.test.ts', { cwd: folder }).filter((test) => {
    const file = join(folder, test);
    const modules = relativeImports(readFileSync(file, 'utf8')).filter((path) => path.endsWith('.ts'));
    return modules.length > 0 && modules.every((path) => entries.has(resolve(dirname(file), path)));
  });
}

function relativeImports(source: string): string[] {
  return [...source.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)].map((match) => match[1]);
}

/** Gives a test that imports a public entry of its package the built file instead. */
export function redirectToBuild(folder: string): Plugin {
  const entries = publicEntries(folder);
  return {
    name: 'flowfield:redirect-to-build',
    enforce: 'pre',
    resolveId(source, importer) {
      if (!importer?.endsWith('.test.ts') || !source.startsWith('.')) return undefined;
      return entries.get(resolve(dirname(importer), source));
    },
  };
}
