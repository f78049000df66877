// What a replayed program costs the host, as so much for a run and so much for each dispatch, beside WebGPU by hand and jax-js,
// where the peers are installed: a chain of products and sines, small enough that nothing else counts.
//   node --conditions=@flowfield/source src/gpu/encode.ts
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { init, jit, ones, random, type Tensor } from '@flowfield/tensor-webgpu';

const LINKS = [30, 100, 300];
/** Runs, of which the quickest counts: a busy machine only makes them slower. */
const RUNS = 100;
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
  /** As many dispatches of three arrays as the chain has, which do nothing, by calls of WebGPU alone: no library is quicker. */
  async 'by hand'() {
    const { create } = await import(dawn);
    const gpu = create([]);
    const device = await (await gpu.requestAdapter()).requestDevice();
    const code = `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) { y[lane] = x[lane] + w[lane]; }`;
    const module = device.createShaderModule({ code });
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
    // 128: storage.
    const buffers = Array.from({ length: 3 }, () => device.createBuffer({ size: 256, usage: 128 }));
    return async (links) => {
      const groups = Array.from({ length: links }, (_, i) =>
        device.createBindGroup({
          layout: pipeline.getBindGroupLayout(0),
          entries: [i % 2, 2, 1 - (i % 2)].map((at, binding) => ({ binding, resource: { buffer: buffers[at] } })),
        }),
      );
      return {
        run() {
          const encoder = device.createCommandEncoder();
          const pass = encoder.beginComputePass();
          pass.setPipeline(pipeline);
          for (const group of groups) {
            pass.setBindGroup(0, group);
            pass.dispatchWorkgroups(1);
          }
          pass.end();
          device.queue.submit([encoder.finish()]);
        },
        // Held so that it outlives its device.
        settle: async () => [gpu, await device.queue.onSubmittedWorkDone()],
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

type Prototype = Record<string, (...args: unknown[]) => unknown>;

/** Calls `note` before each call of a method, until what it returns is called. */
function before(prototype: Prototype, method: string, note: () => void): () => void {
  const original = prototype[method];
  prototype[method] = function noted(this: unknown, ...args: unknown[]) {
    note();
    return original.apply(this, args);
  };
  return () => {
    prototype[method] = original;
  };
}

/** `fixed` and `each` of time = fixed + each · count, by the least squares of what is off in proportion. */
function affine(points: readonly (readonly [count: number, time: number])[]): { fixed: number; each: number } {
  let [ww, wc, cc, w, c] = [0, 0, 0, 0, 0];
  for (const [count, time] of points) {
    const weight = 1 / time;
    ww += weight * weight;
    wc += weight * weight * count;
    cc += weight * weight * count * count;
    w += weight;
    c += weight * count;
  }
  const determinant = ww * cc - wc * wc;
  return { fixed: (w * cc - c * wc) / determinant, each: (c * ww - w * wc) / determinant };
}

const micro = (ms: number): string => (1000 * ms).toFixed(2);

async function measure(name: string): Promise<void> {
  const chainOf = await libraries[name]();
  const { globals } = await import(dawn);
  const pass: Prototype = globals.GPUComputePassEncoder.prototype;
  const encoded: [number, number][] = [];
  const handed: [number, number][] = [];
  for (const links of LINKS) {
    const { run, settle } = await chainOf(links);
    for (let i = 0; i < WARM; i++) {
      run();
      await settle();
    }
    let [dispatches, submits] = [0, 0];
    const uncount = [
      before(pass, 'dispatchWorkgroups', () => dispatches++),
      before(globals.GPUQueue.prototype, 'submit', () => submits++),
    ];
    run();
    // A library may encode some of it later.
    await settle();
    for (const stop of uncount) stop();
    // The clock is read where a pass ends, not at each dispatch, which takes little longer than that.
    let ended = 0;
    const unwatch = before(pass, 'end', () => {
      ended = performance.now();
    });
    let [last, whole] = [Infinity, Infinity];
    for (let i = 0; i < RUNS; i++) {
      const start = performance.now();
      run();
      whole = Math.min(whole, performance.now() - start);
      await settle();
      last = Math.min(last, ended - start);
    }
    unwatch();
    encoded.push([dispatches, last]);
    handed.push([dispatches, whole]);
    console.log(
      `${name.padEnd(10)} ${dispatches} dispatches: ${micro(last / dispatches)} µs each until the last one is encoded, ${micro(whole / dispatches)} until the call returns; ${submits} submits with the one that reads`,
    );
  }
  for (const [until, points] of [
    ['the last one is encoded', encoded],
    ['the call returns', handed],
  ] as const) {
    const { fixed, each } = affine(points);
    console.log(`${name.padEnd(10)} until ${until}: ${micro(fixed)} µs + ${micro(each)} µs a dispatch`);
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
