/** Calls of WebGPU that make or submit something. */
export interface ApiCalls {
  createBuffer: number;
  createBindGroup: number;
  createComputePipelineAsync: number;
  createShaderModule: number;
  submit: number;
  dispatchWorkgroups: number;
  setBindGroup: number;
  mapAsync: number;
}

/** What `run` calls, its promises included. */
export async function apiCalls(device: GPUDevice, run: () => Promise<void>): Promise<ApiCalls> {
  const calls: ApiCalls = {
    createBuffer: 0,
    createBindGroup: 0,
    createComputePipelineAsync: 0,
    createShaderModule: 0,
    submit: 0,
    dispatchWorkgroups: 0,
    setBindGroup: 0,
    mapAsync: 0,
  };
  const restores: (() => void)[] = [];
  const watch = (object: object, names: readonly (keyof ApiCalls)[]): void => {
    const prototype = Object.getPrototypeOf(object);
    for (const name of names) {
      const original = prototype[name];
      prototype[name] = function (this: unknown, ...args: unknown[]) {
        calls[name]++;
        return original.apply(this, args);
      };
      restores.push(() => {
        prototype[name] = original;
      });
    }
  };
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.end();
  encoder.finish();
  const buffer = device.createBuffer({ size: 4, usage: 8 });
  watch(device, ['createBuffer', 'createBindGroup', 'createComputePipelineAsync', 'createShaderModule']);
  watch(device.queue, ['submit']);
  watch(pass, ['dispatchWorkgroups', 'setBindGroup']);
  watch(buffer, ['mapAsync']);
  buffer.destroy();
  try {
    await run();
  } finally {
    for (const restore of restores) restore();
  }
  return calls;
}
