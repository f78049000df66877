// What a replayed program costs the host for each dispatch, beside jax-js where the peers are installed: a chain of products
// and sines, small enough that nothing else counts.
//   node --conditions=@flowfield/source src/gpu/encode.ts
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { init, jit, ones, random, type Tensor } from '@flowfield/tensor-webgpu';

const LINKS = [30, 100, 300];
/** Runs, of which the quickest counts: a busy machine only makes them slower. */
const RUNS = 60;
const WARM = 4;
const PEERS = join(import.meta.dirname, '..', '..', 'peers', 'package.json');
/** Named by a variable: the package is there only where someone wants a GPU in Node. */
const dawn = 'webgpu';

/** A chain of so many links: `run` hands it over, `settle` reads its last result. */
type Chain = (links: number) => Promise<{ run(): void; settle(): Promise<unknown> }>;

const libraries: Record<string, () => Promise<Chain>> = {
  async flowfield() {
    await init({ device: 'webgpu' });
    const [x, w] = [ones([4, 8]), random.normal(random.key(1), [8, 8])];
    return async (links) => {
      const chain = jit((from: Tensor, by: Tensor) => {
        let value = from;
        for (let i = 0; i < links; i++) value = value.matmul(by).sin();
        return value;
      });
      let last: Tensor | undefined;
      return {
        run() {
          last?.dispose();
          last = chain(x, w);
        },
        settle: async () => last?.data(),
      };
    };
  },
  async 'jax-js'() {
    const { create, globals } = await import(dawn);
    Object.assign(globalThis, globals);
    Object.defineProperty(globalThis.navigator, 'gpu', { value: create([]), configurable: true });
    const jax = await import(pathToFileURL(createRequire(PEERS).resolve('@jax-js/jax')).href);
    await jax.init('webgpu');
    jax.defaultDevice('webgpu');
    const { numpy: np } = jax;
    const [x, w] = [np.ones([4, 8]), jax.random.normal(jax.random.key(1), [8, 8])];
    return async (links) => {
      // Arrays are used up unless their references are counted up.
      const chain = jax.jit((from: typeof x, by: typeof w) => {
        let value = from;
        for (let i = 0; i < links; i++) value = np.sin(np.matmul(value, by.ref));
        by.dispose();
        return value;
      });
      let last: typeof x | undefined;
      return {
        run() {
          last?.dispose();
          last = chain(x.ref, w.ref);
        },
        settle: async () => last.ref.data(),
      };
    };
  },
};

/** Counts a method's calls, and notes when the last one ended. */
function watched(prototype: Record<string, unknown>, method: string): { calls: number; last: number } {
  const original = prototype[method] as (...args: unknown[]) => unknown;
  const seen = { calls: 0, last: 0 };
  prototype[method] = function watch(this: unknown, ...args: unknown[]) {
    const result = original.apply(this, args);
    seen.calls++;
    seen.last = performance.now();
    return result;
  };
  return seen;
}

async function measure(name: string): Promise<void> {
  const chainOf = await libraries[name]();
  const { globals } = await import(dawn);
  const dispatched = watched(globals.GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
  const submitted = watched(globals.GPUQueue.prototype, 'submit');
  for (const links of LINKS) {
    const { run, settle } = await chainOf(links);
    let least = Infinity;
    let counts = [0, 0];
    for (let i = 0; i < WARM + RUNS; i++) {
      const before = [dispatched.calls, submitted.calls];
      const start = performance.now();
      run();
      // A library may encode some of it later: what counts is when the last dispatch was.
      await settle();
      counts = [dispatched.calls - before[0], submitted.calls - before[1]];
      if (i >= WARM) least = Math.min(least, (dispatched.last - start) / counts[0]);
    }
    const each = `${(1000 * least).toFixed(2)} µs each until the last one is encoded`;
    console.log(
      `${name.padEnd(10)} ${links} links: ${counts[0]} dispatches, ${each}; ${counts[1]} submits with the one that reads`,
    );
  }
}

const [library] = process.argv.slice(2);
if (library) {
  await measure(library);
  // Dawn keeps a process alive.
  process.exit(0);
}
// Each has a process and a GPU of its own.
for (const name of Object.keys(libraries)) {
  const { status } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, name], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  if (status !== 0)
    console.log(
      `${name.padEnd(10)} did not run: install the peers with \`pnpm --filter @flowfield/bench bench:peers\``,
    );
}
