import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { type Missing, remote } from '../remote/remote.ts';

export interface Wanted {
  /** Threads of all that can have more than one. */
  readonly threads: number;
  /** Libraries in JavaScript, which have one thread. */
  readonly javascript: boolean;
}

const server = join(import.meta.dirname, '..', 'remote', 'serve.ts');
const python = join(import.meta.dirname, '..', '..', 'peers', 'serve.py');

/** Everyone in a process of their own, ours first; and who could not be had. */
export async function contenders({ threads, javascript }: Wanted): Promise<(Contender | Missing)[]> {
  const entrants = [
    ...ours(threads),
    peerInPython('JAX', 'jax', threads),
    peerInPython('PyTorch', 'torch', threads),
    ...(javascript ? [inNode('jax-js', ['jax-js']), inNode('tfjs', ['tfjs'])] : []),
  ];
  return Promise.all(entrants);
}

/** Names of our columns. */
export const PLAIN = 'plain';
export const WIDE = 'wide';
/** On one thread, beside those on several. */
export const WIDE_ALONE = 'wide, 1 thread';

function ours(threads: number): Promise<Contender | Missing>[] {
  const of = (name: string, count: number, wide: boolean) =>
    inNode(name, ['flowfield', '--threads', String(count), ...(wide ? ['--wide'] : [])]);
  const alone = threads > 1 ? [of(WIDE_ALONE, 1, true)] : [];
  return [of(PLAIN, threads, false), of(WIDE, threads, true), ...alone];
}

const inNode = (name: string, args: readonly string[]): Promise<Contender | Missing> =>
  remote(name, [process.execPath, '--conditions=@flowfield/source', server, ...args]);

const peerInPython = (name: string, library: string, threads: number): Promise<Contender | Missing> =>
  remote(name, [process.env['BENCH_PYTHON'] ?? 'python3', python, library, String(threads)]);
