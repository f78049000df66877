import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The commit of the source that runs, with a plus where files have changed since; the version where there is no repository. */
export async function sourceCommit(version: string): Promise<string> {
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', args, { cwd: import.meta.dirname })).stdout.trim();
  try {
    const commit = await git('rev-parse', '--short=10', 'HEAD');
    const root = await git('rev-parse', '--show-toplevel');
    const changes = await git('-C', root, 'status', '--porcelain', '--', 'packages', 'apps');
    return changes === '' ? commit : `${commit}+`;
  } catch {
    return `version ${version}`;
  }
}
