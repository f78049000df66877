// Matrix products on this machine's GPU as their plans say, timed one by one: what tiles.ts and products.ts share.
import type { DispatchNode } from '../src/backends/webgpu/emit/nodes.ts';
import { emitProgram } from '../src/backends/webgpu/emit/program.ts';
import {
  type ProductOperand,
  type ProductRequest,
  planProduct,
  productSource,
  THRESHOLDS,
} from '../src/backends/webgpu/products/index.ts';
import { gpuTarget, limitsOf } from '../src/backends/webgpu/target.ts';
import { fuse } from '../src/fuse/fuse.ts';
// The primitives and rewrites put themselves together with the library.
import '../src/index.ts';
import { lower } from '../src/optimize/simplify.ts';
import { lax } from '../src/primitives/lax.ts';
import { traceProgram } from '../src/trace/builder.ts';
import type { Way } from './fitThresholds.ts';

/** Named by a variable: bundlers must not look for it. */
const dawn = 'webgpu';

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** The object of Dawn must outlive every device. */
let gpu: GPU;

/** The GPU of this machine, with all that its adapter allows, and its name. */
export async function openCard(): Promise<{ device: GPUDevice; name: string }> {
  const { create, globals } = (await import(dawn)) as { create(flags: string[]): GPU; globals: object };
  Object.assign(globalThis, globals);
  gpu = create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('There is no WebGPU adapter here.');
  const requiredLimits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const device = await adapter.requestDevice({ requiredLimits });
  const { vendor, architecture, description } = adapter.info;
  const name = [vendor, architecture, description].filter(Boolean).join(', ');
  const limits = [...LIMITS, 'maxStorageBuffersPerShaderStage'] as const;
  console.log(
    name,
    limits.map((limit) => `${limit} ${device.limits[limit]}`).join(', '),
    [...adapter.features].join(' '),
  );
  return { device, name };
}

/** C = A·B for `batch` pairs, m × k by k × n; whether the contracted axes of A and of B lie close together. */
export interface Shape {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly lhsRows: boolean;
  readonly rhsRows: boolean;
}

/** The operands and the result of a shape on the card, and the operands here. */
export class Operands {
  readonly shape: Shape;
  readonly buffers: readonly GPUBuffer[];
  private readonly data: readonly Float32Array[];
  private readonly device: GPUDevice;

  constructor(device: GPUDevice, shape: Shape) {
    this.device = device;
    this.shape = shape;
    const { batch, m, n, k } = shape;
    this.data = [batch * m * k, batch * n * k].map((length, seed) =>
      Float32Array.from({ length }, (_, i) => ((Math.imul(i + 1, 2654435761 + 2 * seed) >>> 8) % 2001) / 1000 - 1),
    );
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    this.buffers = [batch * m * k, batch * n * k, batch * m * n].map((length) =>
      device.createBuffer({ size: 4 * length, usage }),
    );
    this.data.forEach((values, i) => {
      device.queue.writeBuffer(this.buffers[i], 0, values as Float32Array<ArrayBuffer>);
    });
  }

  request(more: Partial<ProductRequest> = {}): ProductRequest {
    const { batch, m, n, k, lhsRows, rhsRows } = this.shape;
    const place = (extent: number, close: boolean): ProductOperand => ({
      offset: 0,
      batch: batch === 1 ? 0 : extent * k,
      free: close ? k : 1,
      contract: close ? 1 : extent,
    });
    const [lhs, rhs] = [place(m, lhsRows), place(n, rhsRows)];
    return { batch, m, n, k, dtype: 'f32', lhs, rhs, limits: this.device.limits, ...more };
  }

  /** What is wrong with some elements of the result of the last run, if anything is. */
  async wrong(): Promise<string | undefined> {
    const { batch, m, n, k, lhsRows, rhsRows } = this.shape;
    const staging = this.device.createBuffer({ size: 4 * n, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const [A, B] = this.data;
    try {
      for (const row of new Set([0, (m / 2) | 0, m - 1])) {
        const b = row % batch;
        const encoder = this.device.createCommandEncoder();
        encoder.copyBufferToBuffer(this.buffers[2], 4 * (b * m + row) * n, staging, 0, 4 * n);
        this.device.queue.submit([encoder.finish()]);
        await staging.mapAsync(GPUMapMode.READ);
        const got = new Float32Array(staging.getMappedRange()).slice();
        staging.unmap();
        for (let column = 0; column < n; column += Math.max(1, (n >> 4) - 1)) {
          let [sum, size] = [0, 0];
          for (let c = 0; c < k; c++) {
            const x = A[b * m * k + (lhsRows ? row * k + c : c * m + row)];
            const y = B[b * n * k + (rhsRows ? column * k + c : c * n + column)];
            sum += x * y;
            size += Math.abs(x * y);
          }
          if (!(Math.abs(got[column] - sum) <= 1e-5 * size)) return `wrong number: ${got[column]}, expected ${sum}`;
        }
      }
      return undefined;
    } finally {
      staging.destroy();
    }
  }

  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }
}

/** A product that is compiled and bound. */
export interface Prepared {
  readonly plan: Way['plan'];
  run(times: number): Promise<number>;
  destroy(): void;
}

/** Compiles a product; or why it could not be. */
export async function prepare(
  device: GPUDevice,
  operands: Operands,
  more: Partial<ProductRequest> = {},
): Promise<Prepared | string> {
  const { n, m } = operands.shape;
  const plan = planProduct(operands.request(more));
  const { lhs, rhs } = plan.request;
  const at = (place: ProductOperand | null, vector: boolean, array: string) => (b: string, f: string, c: string) => {
    const position = `${b} * ${place?.batch}u + ${f} * ${place?.free}u + ${c} * ${place?.contract}u`;
    return vector ? `${array}[(${position}) / 4u]` : `${array}[${position}]`;
  };
  const type = (vector: boolean) => (vector ? 'vec4f' : 'f32');
  const [lhsVector, rhsVector] = [plan.vectors.lhs !== null, plan.vectors.rhs !== null];
  const scratch =
    plan.scratchBytes > 0 ? [device.createBuffer({ size: plan.scratchBytes, usage: GPUBufferUsage.STORAGE })] : [];
  const destroy = (): void => {
    for (const buffer of scratch) buffer.destroy();
  };
  try {
    const [A, B, C] = operands.buffers;
    const steps = await Promise.all(
      plan.steps.map(async (step) => {
        const bound = [
          ...(step.lhs ? [{ buffer: A, text: `A: array<${type(lhsVector)}>` }] : []),
          ...(step.rhs ? [{ buffer: B, text: `B: array<${type(rhsVector)}>` }] : []),
          ...(step.finishes ? [{ buffer: C, text: 'C: array<f32>' }] : []),
          ...(step.scratch ? [{ buffer: scratch[0], text: 'scratch: array<f32>' }] : []),
        ];
        const bindings = bound.map(({ text }, i) => `@group(0) @binding(${i}) var<storage, read_write> ${text};`);
        const source = productSource(plan, step, {
          lhs: at(lhs, lhsVector, 'A'),
          rhs: at(rhs, rhsVector, 'B'),
          finish: (b, i, j, value) => `C[(${b} * ${m}u + ${i}) * ${n}u + ${j}] = ${value};`,
        });
        const module = device.createShaderModule({ code: `${bindings.join('\n')}\n${source}` });
        const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
        const entries = bound.map(({ buffer }, binding) => ({ binding, resource: { buffer } }));
        const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
        return { pipeline, group, workgroups: step.workgroups };
      }),
    );
    return { plan, destroy, run: runner(device, steps) };
  } catch (error) {
    destroy();
    return String(error instanceof Error ? error.message : error).split('\n')[0];
  }
}

/** Compiles a product as lanes compute it where it has no dispatches of its own; or why it could not be. */
export async function prepareLanes(device: GPUDevice, { shape, buffers }: Operands): Promise<Prepared | string> {
  const { batch, m, n, k, lhsRows, rhsRows } = shape;
  const limits = limitsOf(device, 1);
  const b = batch === 1 ? [] : [batch];
  const at = b.length;
  const avals = [lhsRows ? [m, k] : [k, m], rhsRows ? [n, k] : [k, n]].map((axes) => ({
    shape: [...b, ...axes],
    dtype: 'f32' as const,
  }));
  const contract = [[at + (lhsRows ? 1 : 0)], [at + (rhsRows ? 1 : 0)]] as const;
  const along = b.map((_, axis) => axis);
  const { program } = traceProgram(avals, (x, y) => [lax.dotGeneral(x, y, { contract, batch: [along, along] })]);
  const target = gpuTarget(limits);
  const products = { ...THRESHOLDS, leastOwnWork: Infinity, leastOwnTerms: Infinity };
  try {
    const { nodes } = emitProgram(fuse(lower(program), target), [], { target, limits, products });
    // Buffer 0 would be the arena, which a product by itself does not need.
    const steps = await Promise.all(nodes.map((node) => bound(device, node as DispatchNode, [buffers[0], ...buffers])));
    return { plan: { family: 'lanes', tile: null, pieces: 1 }, destroy() {}, run: runner(device, steps) };
  } catch (error) {
    return String(error instanceof Error ? error.message : error).split('\n')[0];
  }
}

/** A dispatch of an emitted program on buffers by their numbers there. */
async function bound(device: GPUDevice, { source, spots, workgroups }: DispatchNode, buffers: readonly GPUBuffer[]) {
  const layout = device.createBindGroupLayout({
    entries: spots.map((_, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: 'storage' as const },
    })),
  });
  const pipeline = await device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code: source }) },
  });
  const entries = spots.map(({ buffer, offset, bytes }, binding) => ({
    binding,
    resource: { buffer: buffers[buffer], offset, size: bytes },
  }));
  return { pipeline, group: device.createBindGroup({ layout, entries }), workgroups };
}

interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** Runs steps so many times, and waits for them: milliseconds. */
const runner =
  (device: GPUDevice, steps: readonly Step[]) =>
  async (times: number): Promise<number> => {
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
  };

/** Milliseconds of a product, the median of three blocks of about `blockMs`; or what is wrong with its numbers. */
export async function timed({ run }: Prepared, operands: Operands, blockMs: number): Promise<number | string> {
  await run(1);
  const error = await operands.wrong();
  if (error !== undefined) return error;
  const once = await run(1);
  const times = Math.max(1, Math.min(500, Math.round(blockMs / once)));
  const blocks = [await run(times), await run(times), await run(times)].map((total) => total / times);
  return blocks.sort((x, y) => x - y)[1];
}
