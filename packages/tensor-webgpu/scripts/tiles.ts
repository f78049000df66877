// Times the matrix product of float32 numbers on this machine's GPU by tile: what the plan chooses from, and others.
//   node --conditions=@flowfield/source scripts/tiles.ts [--sizes 1024,4096] [--seconds 100] [--out tiles.json]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  type ProductOperand,
  type ProductRequest,
  planProduct,
  productSource,
  type Tile,
} from '../src/backends/webgpu/products/index.ts';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '4096,1024,8192,2048' },
    seconds: { type: 'string', default: '100' },
    out: { type: 'string', default: 'tiles.json' },
    block: { type: 'string', default: '60' },
  },
});

/** Named by a variable: bundlers must not look for it. */
const dawn = 'webgpu';
const { create, globals } = (await import(dawn)) as { create(flags: string[]): GPU; globals: object };
Object.assign(globalThis, globals);
const gpu = create([]);
const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
if (!adapter) throw new Error('There is no WebGPU adapter here.');
const { limits } = adapter;
const device = await adapter.requestDevice({
  requiredLimits: {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
  },
});
const { vendor, architecture, description } = adapter.info;
const name = [vendor, architecture, description].filter(Boolean).join(', ');
const keys = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxStorageBuffersPerShaderStage',
] as const;
console.log(name, keys.map((key) => `${key} ${device.limits[key]}`).join(', '), [...adapter.features].join(' '));

const form = (
  rows: number,
  columns: number,
  depth: number,
  threadRows: number,
  threadColumns: number,
  unroll = 1,
): Tile => ({ rows, columns, depth, threadRows, threadColumns, unroll });
const tiles: (Tile | undefined)[] = [
  undefined,
  form(128, 128, 8, 8, 8),
  form(128, 128, 16, 8, 8),
  form(128, 128, 16, 8, 8, 4),
  form(128, 128, 16, 8, 8, 16),
  form(128, 128, 8, 8, 8, 8),
  form(128, 128, 32, 8, 8),
  form(128, 64, 16, 8, 8),
  form(64, 128, 16, 8, 8),
  form(64, 128, 16, 4, 8),
  form(128, 256, 8, 8, 16),
  form(64, 64, 16, 8, 8),
  form(64, 64, 16, 8, 8, 16),
  form(128, 64, 16, 8, 4),
  form(128, 64, 16, 8, 8, 16),
  form(64, 64, 16, 8, 4),
  form(64, 64, 16, 4, 8),
  form(64, 64, 16, 4, 4),
  form(64, 64, 32, 8, 4),
  form(32, 64, 16, 4, 4),
  form(32, 32, 16, 4, 4),
];
/** Where the contracted axes of A and B lie close together. */
const forms = [
  ['A·B', true, false],
  ['A·Bᵀ', true, true],
  ['Aᵀ·B', false, false],
] as const;

interface Result {
  name: string;
  ms: number | null;
  tflops?: number;
  plan?: string;
  error?: string;
}

const nameOf = ({ rows, columns, depth, threadRows, threadColumns, unroll }: Tile): string =>
  `tile ${rows}x${columns}x${depth}, thread ${threadRows}x${threadColumns}${unroll === 1 ? '' : `, unrolled ${unroll}`}`;

const began = performance.now();
const spent = () => (performance.now() - began) / 1000;
const results: Result[] = [];
for (const n of options.sizes.split(',').map(Number)) {
  const data = Float32Array.from({ length: n * n }, (_, i) => ((Math.imul(i, 2654435761) >>> 8) % 2001) / 1000 - 1);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const [a, b, c] = [0, 1, 2].map(() => device.createBuffer({ size: 4 * n * n, usage }));
  device.queue.writeBuffer(a, 0, data);
  device.queue.writeBuffer(b, 0, data.toReversed());
  for (const [text, lhsRows, rhsRows] of forms) {
    if (spent() > Number(options.seconds)) {
      console.log(`${text}, n = ${n}: no time left`);
      continue;
    }
    // Compilers work beside each other; times are taken one after the other.
    const prepared = await Promise.all(tiles.map((tile) => prepare(n, [a, b, c], lhsRows, rhsRows, tile)));
    for (const [i, tile] of tiles.entries()) {
      const result: Result = { name: `${text}, n = ${n}, ${tile ? nameOf(tile) : 'as planned'}`, ms: null };
      const ready = prepared[i];
      if (typeof ready === 'string') result.error = ready;
      else await measure(result, ready, n, c, data, lhsRows, rhsRows);
      results.push(result);
      console.log(
        result.name.padEnd(64),
        result.error ?? `${result.ms?.toPrecision(4)} ms, ${result.tflops?.toFixed(2)} TFLOP/s, ${result.plan}`,
      );
    }
    writeFileSync(
      options.out,
      `${JSON.stringify({ library: 'flowfield tiles', device: name, rows: results }, null, 1)}\n`,
    );
  }
  for (const buffer of [a, b, c]) buffer.destroy();
}
process.exit(0);

/** A product that is compiled and bound. */
interface Prepared {
  readonly plan: string;
  readonly scratch: readonly GPUBuffer[];
  run(times: number): Promise<number>;
}

/** Compiles a product; or why it could not be. */
async function prepare(
  n: number,
  buffers: GPUBuffer[],
  lhsRows: boolean,
  rhsRows: boolean,
  tile: Tile | undefined,
): Promise<Prepared | string> {
  const along = (close: boolean): ProductOperand => ({
    offset: 0,
    batch: 0,
    free: close ? n : 1,
    contract: close ? 1 : n,
  });
  const [lhs, rhs] = [along(lhsRows), along(rhsRows)];
  const request: ProductRequest = { batch: 1, m: n, n, k: n, dtype: 'f32', lhs, rhs, limits: device.limits, tile };
  const plan = planProduct(request);
  const at = (place: ProductOperand, vector: boolean, array: string) => (_b: string, f: string, k: string) => {
    const position = `${f} * ${place.free}u + ${k} * ${place.contract}u`;
    return vector ? `${array}[(${position}) / 4u]` : `${array}[${position}]`;
  };
  const type = (vector: boolean) => (vector ? 'vec4f' : 'f32');
  const [lhsVector, rhsVector] = [plan.vectors.lhs !== null, plan.vectors.rhs !== null];
  const usage = GPUBufferUsage.STORAGE;
  const scratch = plan.scratchBytes > 0 ? [device.createBuffer({ size: plan.scratchBytes, usage })] : [];
  try {
    const steps = await Promise.all(
      plan.steps.map(async (step) => {
        const bound = [
          ...(step.lhs ? [{ buffer: buffers[0], text: `A: array<${type(lhsVector)}>` }] : []),
          ...(step.rhs ? [{ buffer: buffers[1], text: `B: array<${type(rhsVector)}>` }] : []),
          ...(step.finishes ? [{ buffer: buffers[2], text: 'C: array<f32>' }] : []),
          ...(step.scratch ? [{ buffer: scratch[0], text: 'scratch: array<f32>' }] : []),
        ];
        const bindings = bound.map(({ text }, i) => `@group(0) @binding(${i}) var<storage, read_write> ${text};`);
        const source = productSource(plan, step, {
          lhs: at(lhs, lhsVector, 'A'),
          rhs: at(rhs, rhsVector, 'B'),
          finish: (_b, i, j, value) => `C[${i} * ${n}u + ${j}] = ${value};`,
        });
        const module = device.createShaderModule({ code: `${bindings.join('\n')}\n${source}` });
        const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
        const entries = bound.map(({ buffer }, binding) => ({ binding, resource: { buffer } }));
        const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
        return { pipeline, group, workgroups: step.workgroups };
      }),
    );
    return {
      plan: `${plan.family} ${plan.tile ? nameOf(plan.tile) : ''}, ${plan.pieces} pieces`,
      scratch,
      async run(times) {
        const from = performance.now();
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        for (let i = 0; i < times; i++) {
          for (const { pipeline, group, workgroups } of steps) {
            pass.setPipeline(pipeline);
            pass.setBindGroup(0, group);
            pass.dispatchWorkgroups(...workgroups);
          }
        }
        pass.end();
        device.queue.submit([encoder.finish()]);
        await device.queue.onSubmittedWorkDone();
        return performance.now() - from;
      },
    };
  } catch (error) {
    return String(error instanceof Error ? error.message : error).split('\n')[0];
  }
}

async function measure(
  result: Result,
  { plan, scratch, run }: Prepared,
  n: number,
  c: GPUBuffer,
  data: Float32Array,
  lhsRows: boolean,
  rhsRows: boolean,
): Promise<void> {
  result.plan = plan;
  await run(1);
  result.error = await wrong(n, c, data, lhsRows, rhsRows);
  if (result.error === undefined) {
    const once = await run(1);
    const times = Math.max(1, Math.min(200, Math.round(Number(options.block) / once)));
    const blocks = [await run(times), await run(times), await run(times)].map((total) => total / times);
    result.ms = blocks.sort((x, y) => x - y)[1];
    result.tflops = (2 * n ** 3) / result.ms / 1e9;
  }
  for (const buffer of scratch) buffer.destroy();
}

/** What is wrong with a few elements of the product, if anything is. */
async function wrong(
  n: number,
  c: GPUBuffer,
  data: Float32Array,
  lhsRows: boolean,
  rhsRows: boolean,
): Promise<string | undefined> {
  const staging = device.createBuffer({ size: 4 * n, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  for (const row of [0, (n / 2) | 0, n - 1]) {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(c, 4 * row * n, staging, 0, 4 * n);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const got = new Float32Array(staging.getMappedRange()).slice();
    staging.unmap();
    for (let column = 0; column < n; column += Math.max(1, n >> 4) - 1 || 1) {
      let [sum, size] = [0, 0];
      for (let k = 0; k < n; k++) {
        const x = data[lhsRows ? row * n + k : k * n + row];
        const y = data[n * n - 1 - (rhsRows ? column * n + k : k * n + column)];
        sum += x * y;
        size += Math.abs(x * y);
      }
      if (!(Math.abs(got[column] - sum) <= 1e-5 * size)) return `wrong number: ${got[column]}, expected ${sum}`;
    }
  }
  staging.destroy();
  return undefined;
}
