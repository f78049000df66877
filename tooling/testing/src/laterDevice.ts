import type { Device } from '@flowfield/tensor-webgpu';

type Storage = Awaited<ReturnType<Device['put']>>;

/**
 * A device as a GPU is to who calls it, at the speed of the CPU `cpu` behind it: it answers by promises, cannot be read at
 * once, and has no f64.
 */
export function laterDevice(cpu: Device, name = 'later'): Device {
  const inner = new WeakMap<Storage, Storage>();
  const wrapped = (own: Storage): Storage => {
    const release = (): void => own.memory.release();
    const { kind, dtype, size } = own;
    const storage: Storage = { kind, device, dtype, size, memory: { device, release }, dispose: release };
    inner.set(storage, own);
    return storage;
  };
  const ownOf = (storage: Storage): Storage => {
    const own = inner.get(storage);
    if (!own) throw new Error(`The device '${name}' was given a storage of device '${storage.device.name}'.`);
    return own;
  };
  const device: Device = {
    name,
    dtypes: ['bool', 'u32', 'i32', 'f32'],
    async compile(program, options) {
      for (const { dtype } of [...program.inputs, ...program.eqns.flatMap(({ outputs }) => outputs)])
        if (dtype === 'f64') throw new Error(`The device '${name}' has no f64.`);
      const executable = await cpu.compile(program, options);
      return {
        bytes: executable.bytes,
        report: executable.report,
        run: async (inputs) => (await executable.run(inputs.map(ownOf))).map(wrapped),
        dispose: () => executable.dispose(),
      };
    },
    put: async (data, dtype) => wrapped(await cpu.put(data, dtype)),
    read: async (storage) => cpu.read(ownOf(storage)),
    memory: () => cpu.memory(),
  };
  return device;
}
