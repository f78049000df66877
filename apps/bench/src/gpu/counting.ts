/** Calls of the device's own interface, counted by wrapping it. */
export interface Calls {
  dispatches: number;
  submits: number;
}

/** Named by a variable: the package is there only where someone wants a GPU in Node. */
const dawn = 'webgpu';

/** Counts dispatches and submits from now on, by the classes of Node's WebGPU. */
export async function countCalls(): Promise<Calls> {
  const calls: Calls = { dispatches: 0, submits: 0 };
  const wrap = (owner: unknown, method: string, count: () => void): void => {
    const prototype = (owner as { prototype?: Record<string, unknown> } | undefined)?.prototype;
    const original = prototype?.[method];
    if (prototype === undefined || typeof original !== 'function') return;
    prototype[method] = function counted(this: unknown, ...args: unknown[]) {
      count();
      return original.apply(this, args);
    };
  };
  const { globals: classes } = (await import(dawn)) as {
    globals: { GPUComputePassEncoder?: unknown; GPUQueue?: unknown };
  };
  wrap(classes.GPUComputePassEncoder, 'dispatchWorkgroups', () => calls.dispatches++);
  wrap(classes.GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', () => calls.dispatches++);
  wrap(classes.GPUQueue, 'submit', () => calls.submits++);
  return calls;
}
