import { features } from '../assembler/index.ts';
import { workerSource } from './source.ts';

/** A thread beside this one. */
export interface Helper {
  post(letter: unknown): void;
  end(): void;
}

interface NodeWorker {
  postMessage(letter: unknown): void;
  terminate(): unknown;
  unref(): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

interface Runtime {
  readonly process?: {
    readonly versions?: Readonly<Record<string, string | undefined>>;
    getBuiltinModule?(name: string): unknown;
  };
  readonly crossOriginIsolated?: boolean;
  readonly Worker?: new (url: string) => Worker;
  readonly document?: unknown;
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

const runtime = globalThis as Runtime;

function builtin<T>(name: string): T | undefined {
  const versions = runtime.process?.versions;
  if (versions?.node === undefined || versions.bun !== undefined || versions.deno !== undefined) return undefined;
  return runtime.process?.getBuiltinModule?.(name) as T | undefined;
}

/** Why programs run on one thread here; `null` where they can have more. */
export function whyAlone(): string | null {
  const inNode = runtime.process?.versions?.node !== undefined;
  if (!features().threads || typeof SharedArrayBuffer !== 'function') {
    if (inNode || runtime.crossOriginIsolated !== false) return 'this engine has no shared WebAssembly memory';
  }
  if (inNode) {
    if (builtin('node:worker_threads')) return null;
    return 'this runtime does not hand out node:worker_threads (Node 20.16, 22.3 or newer does)';
  }
  if (runtime.crossOriginIsolated !== true)
    return (
      'this page is not cross-origin isolated; serve it with the headers Cross-Origin-Opener-Policy: same-origin and ' +
      'Cross-Origin-Embedder-Policy: require-corp'
    );
  return typeof runtime.Worker === 'function' ? null : 'this runtime has no Worker';
}

/** Cores that the process may use. */
export function cores(): number {
  const os = builtin<{ availableParallelism?(): number }>('node:os');
  return os?.availableParallelism?.() ?? runtime.navigator?.hardwareConcurrency ?? 1;
}

/** Whether this thread may sleep: that of a page may not. */
export const maySleep = (): boolean => runtime.document === undefined || builtin('node:worker_threads') !== undefined;

/**
 * Starts a worker, which does not keep the process alive. `failed` is told when it cannot go on.
 * Throws where the runtime forbids it.
 */
export function startHelper(failed: (why: string) => void): Helper {
  const threads = builtin<{ Worker: new (source: string, options: object) => NodeWorker }>('node:worker_threads');
  if (threads) {
    // Loaders and variables of the process are not for it.
    const worker = new threads.Worker(workerSource, { eval: true, execArgv: [], env: {}, name: 'flowfield' });
    worker.unref();
    worker.on('error', (error) => failed(String(error)));
    return { post: (letter) => worker.postMessage(letter), end: () => void worker.terminate() };
  }
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  const worker = new (runtime.Worker as new (url: string) => Worker)(url);
  worker.onerror = (event) => {
    event.preventDefault();
    failed(event.message || "the page's policy forbids workers from blob: URLs (worker-src blob:)");
  };
  return {
    post: (letter) => worker.postMessage(letter),
    end: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
