import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The words that start the program from source in a process of its own. */
export const program = [
  process.execPath,
  '--conditions=@flowfield/source',
  fileURLToPath(new URL('../main.ts', import.meta.url)),
];

/** Starts the program with its guard and its worker in a process group of their own. */
export function started(args: readonly string[]): { child: ChildProcess; ended: Promise<number | null> } {
  const child = spawn(program[0], [...program.slice(1), ...args], { stdio: 'ignore', detached: true });
  return { child, ended: once(child, 'close').then(([code]) => code as number | null) };
}

/** What a line of a shell wrote, and its exit code. `flowfield` in it is the program. */
export async function shell(line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const words = program.map((word) => `'${word}'`).join(' ');
  const child = spawn('bash', ['-c', `flowfield() { ${words} "$@"; }; ${line}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      text[name] += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}
