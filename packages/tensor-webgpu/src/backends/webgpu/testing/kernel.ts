/** What Node's `webgpu` package exports; a page has `navigator.gpu` instead. */
interface Dawn {
  create(flags: string[]): GPU;
  globals: object;
}

/** Named by a variable, so that a bundler for pages does not look for it. */
const dawn = 'webgpu';

async function entry(): Promise<GPU> {
  if (globalThis.navigator?.gpu) return navigator.gpu;
  const { create, globals } = (await import(/* @vite-ignore */ dawn)) as Dawn;
  Object.assign(globalThis, globals);
  instance = create([]);
  return instance;
}

/** Dawn's instance must outlive its devices, and they do not hold it. */
let instance: GPU | undefined;

async function open(): Promise<GPUDevice> {
  const adapter = await (await entry()).requestAdapter();
  if (adapter === null) throw new Error('No WebGPU adapter here.');
  const { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const requiredLimits = { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize };
  const requiredFeatures = (['subgroups', 'timestamp-query'] as GPUFeatureName[]).filter((f) =>
    adapter.features.has(f),
  );
  return adapter.requestDevice({ requiredLimits, requiredFeatures });
}

let opened: Promise<GPUDevice> | undefined;

/** The device of this test file. */
export function testDevice(): Promise<GPUDevice> {
  opened ??= open();
  return opened;
}

export type Words = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** A hand-made dispatch: `buffers` are bound in order from @binding(0) on, all as `storage, read_write`. */
export interface Dispatch {
  source: string;
  buffers: readonly GPUBuffer[];
  workgroups: readonly [number, number, number];
  entryPoint?: string;
}

/** A storage buffer that holds `data`, or that many bytes. */
export function storageBuffer(device: GPUDevice, data: Words | number): GPUBuffer {
  const size = typeof data === 'number' ? data : data.byteLength;
  const buffer = device.createBuffer({
    size: Math.max(16, Math.ceil(size / 4) * 4),
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  if (typeof data !== 'number') device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** Runs the dispatches in one submit. An error of WGSL or of validation throws, with the messages and the source. */
export async function dispatch(device: GPUDevice, dispatches: readonly Dispatch[]): Promise<void> {
  const encoder = device.createCommandEncoder();
  for (const { source, buffers, workgroups, entryPoint } of dispatches) {
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code: source });
    const bindGroupLayout = device.createBindGroupLayout({
      entries: buffers.map((_, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: 'storage' as const },
      })),
    });
    const layout = device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] });
    const pipeline = device.createComputePipeline({ layout, compute: { module, entryPoint } });
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = device.createBindGroup({ layout: bindGroupLayout, entries });
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
    const error = await device.popErrorScope();
    if (error) throw new Error(`${error.message}\n${numbered(source)}`);
  }
  device.queue.submit([encoder.finish()]);
}

const numbered = (source: string): string =>
  source
    .split('\n')
    .map((line, i) => `${String(i + 1).padStart(4)} ${line}`)
    .join('\n');

/** The bytes of a buffer. */
export async function bytesOf(device: GPUDevice, buffer: GPUBuffer): Promise<ArrayBuffer> {
  const staging = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}
