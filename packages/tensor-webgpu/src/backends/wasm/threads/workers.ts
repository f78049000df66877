import { features } from '../assembler/index.ts';
import { watchSource, workerSource } from './source.ts';

/** A thread beside this one. */
export interface Helper {
  post(letter: unknown): void;
  end(): void;
  /** The end of a channel whose other end the thread holds, and loses when it ends; none in a page. */
  readonly line?: Port;
}

/** A `MessagePort` of Node. */
export interface Port {
  close(): void;
  unref(): void;
}

interface NodeWorker {
  postMessage(letter: unknown, moved?: readonly unknown[]): void;
  terminate(): unknown;
  unref(): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'exit', listener: () => void): void;
}

interface WorkerThreads {
  readonly Worker: new (source: string, options: object) => NodeWorker;
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port };
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

/** A worker of Node that runs a script, without the loaders and variables of the process, and does not keep it alive. */
function startInNode({ Worker }: WorkerThreads, source: string, moved: readonly Port[] = []): NodeWorker {
  const data = { workerData: moved, transferList: moved };
  const worker = new Worker(source, { eval: true, execArgv: [], env: {}, name: 'flowfield', ...data });
  worker.unref();
  return worker;
}

/**
 * Starts a worker, which does not keep the process alive. `failed` is told when it cannot go on, `ended` when it has ended.
 * Throws where the runtime forbids it.
 */
export function startHelper(failed: (why: string) => void, ended: () => void): Helper {
  const threads = builtin<WorkerThreads>('node:worker_threads');
  if (threads) {
    const { port1, port2 } = new threads.MessageChannel();
    const worker = startInNode(threads, workerSource, [port2]);
    worker.on('error', (error) => failed(String(error)));
    worker.on('exit', ended);
    port1.unref();
    return {
      line: port1,
      post: (letter) => worker.postMessage(letter),
      end() {
        port1.close();
        void worker.terminate();
      },
    };
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

/**
 * Starts a worker that marks which of the lines have lost their other end: entry i + 1 for line i, and entry 0 when it has begun. Its
 * creator learns that while it sleeps, and gets no events.
 */
export function startWatch(lines: readonly Port[], marks: Int32Array): Helper {
  const worker = startInNode(builtin<WorkerThreads>('node:worker_threads') as WorkerThreads, watchSource, lines);
  worker.postMessage(marks);
  return { post: () => {}, end: () => void worker.terminate() };
}
