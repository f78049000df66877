import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../failures/failures.ts';
import type { Result } from './result.ts';

/**
 * Every result in `<folder>/<paper>/*.json`, by paper and name.
 * @throws UsageError for a file that is no result
 */
export async function readResults(folder: string): Promise<Result[]> {
  const files = (await readdir(folder, { recursive: true }).catch(() => []))
    .filter((name) => name.endsWith('.json'))
    .sort();
  return Promise.all(files.map((name) => readResult(join(folder, name))));
}

async function readResult(file: string): Promise<Result> {
  try {
    const result = JSON.parse(await readFile(file, 'utf8')) as Result;
    for (const key of ['paper', 'part', 'metrics', 'baselines', 'seeds', 'command', 'commit'] as const) {
      if (result[key] === undefined) throw new Error(`it has no '${key}'`);
    }
    return result;
  } catch (cause) {
    throw new UsageError(`${file} is no result: ${(cause as Error).message}; make it again by reproduce`, { cause });
  }
}
