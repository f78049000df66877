import { bytesPerElement, type DType, hostArray, type TypedArray } from '../../dtype/dtype.ts';
import { DeviceError } from '../../errors/errors.ts';
import { fuse } from '../../fuse/fuse.ts';
import { hasPieces } from '../../fuse/storage.ts';
import type { KernelReport } from '../../kernels/report.ts';
import { chooseResults } from '../../optimize/branches.ts';
import { simplify } from '../../optimize/simplify.ts';
import { loweringAs, loweringOf } from '../../program/lowering.ts';
import { type Eqn, isProgram, type Program } from '../../program/program.ts';
import type { CompileOptions, DeviceInfo, Executable, Later, MemoryReport, Storage } from '../../runtime/device.ts';
import { sizeOf } from '../../shape/shape.ts';
import { hostControlled, needsHost } from '../hostControl.ts';
import { openGpu, webGpu } from './api.ts';
import { Connection } from './connection.ts';
import type { Node } from './emit/nodes.ts';
import { emitProgram } from './emit/program.ts';
import { hasScalarCode } from './emit/scalar.ts';
import { exchangingLanes } from './exchangeTrial.ts';
import { GpuExecutable } from './executable.ts';
import { routineFor } from './routines/index.ts';
import { type GpuOwner, GpuStorage } from './storage.ts';
import { gpuTarget } from './target.ts';

/** Loops inside each other that a GPU runs by itself: each may take two of the offsets that a kernel has. */
const MOST_LOOPS = 4;

/**
 * Operations up to which both branches of a choice are computed, rather than one after the host has read which: that takes
 * as long as these, and all that was handed over before. In a loop it would happen in every turn, so that there they always are.
 */
const CHOICE_WORK = 1e8;

/** A GPU device, what its adapter tells, and how many lanes beside each other exchange registers (default 1: none). */
interface OpenedGpu {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  readonly exchanging?: number;
}

/** Tensors and programs on a GPU, through WebGPU: programs are captured once and replayed. */
export class WebGpuDevice implements GpuOwner {
  readonly name = 'webgpu';
  readonly dtypes: readonly DType[] = ['bool', 'u32', 'i32', 'f32'];
  connection: Connection;
  /** What the browser or the driver tells of the GPU. */
  adapter: GPUAdapterInfo;
  private tensors = 0;
  private liveBytes = 0;

  constructor({ device, info, exchanging = 1 }: OpenedGpu) {
    this.connection = new Connection(device, exchanging);
    this.adapter = info;
  }

  /** Opens the GPU again when it was lost. Tensors that were on it are gone; programs are made ready anew. */
  async reopen(): Promise<void> {
    if (!this.connection.lost) return;
    const { device, info, exchanging } = await opened();
    this.connection = new Connection(device, exchanging);
    this.adapter = info;
    this.tensors = 0;
    this.liveBytes = 0;
  }

  /** Whether a processor plays the GPU: right, and slower than the device `cpu`. */
  get emulated(): boolean {
    const { isFallbackAdapter, vendor, architecture, description } = this.adapter;
    return (
      isFallbackAdapter ||
      /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${vendor} ${architecture} ${description}`)
    );
  }

  info(): Omit<DeviceInfo, 'name' | 'dtypes'> {
    const { vendor, architecture, description } = this.adapter;
    const named = [vendor, architecture, description].filter(Boolean).join(', ');
    // What a GPU rounds differs from one to the next, and with its driver.
    return {
      numerics: `webgpu: ${named}`,
      threads: 1,
      notes: this.emulated ? ['This GPU is emulated on the CPU.'] : [],
    };
  }

  async compile(program: Program, { donate = [] }: CompileOptions = {}): Promise<Executable> {
    this.connection.check();
    checkDTypes(program);
    const part = (piece: Program, donated: readonly boolean[] = []): Promise<Executable> =>
      this.capture(piece, donated);
    const host = {
      compile: part,
      put: (data: TypedArray, dtype: DType) => this.put(data, dtype),
      read: (storage: Storage) => this.read(storage),
      controls: (eqn: Eqn) => eqn.primitive.name === 'scan' && depthOf(eqn) <= MOST_LOOPS,
      evaluates: (eqn: Eqn) => !this.hasKernel(eqn),
    };
    const chosen = chooseResults(
      program,
      ({ branches, inLoop }) =>
        branches.every(({ eqns }) => eqns.every((eqn) => !needsHost(eqn, host))) &&
        (inLoop || branches.reduce((work, branch) => work + workOf(branch), 0) <= CHOICE_WORK),
    );
    const whole = chosen === program ? program : simplify(chosen);
    if (!whole.eqns.some((eqn) => needsHost(eqn, host))) return part(whole, donate);
    return hostControlled(whole, host, donate);
  }

  put(data: TypedArray, dtype: DType): Later<Storage> {
    const { connection } = this;
    connection.check();
    if (dtype === 'f64') throw noFloat64('a tensor');
    const bytes = data.length * bytesPerElement(dtype);
    connection.checkBinding(bytes);
    const store = (slab: Parameters<typeof connection.buffers.give>[0]): Storage => {
      const words = wordsOf(data, dtype);
      if (words.length > 0) connection.device.queue.writeBuffer(slab.buffer, 0, words as Uint32Array<ArrayBuffer>);
      return new GpuStorage(this, connection, dtype, data.length, slab);
    };
    const taken = connection.buffers.take([bytes]);
    return taken instanceof Promise ? taken.then(([slab]) => store(slab)) : store(taken[0]);
  }

  async read(storage: Storage): Promise<TypedArray> {
    const { connection } = this;
    connection.check();
    const own = this.own(storage);
    const { dtype, size } = own;
    const data = hostArray(dtype, size);
    if (size === 0) return data;
    const bytes = await connection.staging.read(own.slab(connection).buffer, size * bytesPerElement(dtype));
    connection.check();
    if (dtype === 'bool') data.set(new Uint32Array(bytes));
    else if (dtype === 'f32') return new Float32Array(bytes);
    else return dtype === 'i32' ? new Int32Array(bytes) : new Uint32Array(bytes);
    return data;
  }

  memory(): MemoryReport {
    const { arena, buffers } = this.connection;
    return {
      liveTensors: this.tensors,
      liveBytes: this.liveBytes,
      arenaBytes: arena?.bytes ?? 0,
      reservedBytes: buffers.reserved,
    };
  }

  trim(): void {
    if (!this.connection.lost) this.connection.trim();
  }

  count(tensors: number, bytes: number): void {
    this.tensors += tensors;
    this.liveBytes += bytes;
  }

  own(storage: Storage): GpuStorage {
    if (storage instanceof GpuStorage && storage.device === this) return storage;
    throw new DeviceError(
      `The device 'webgpu' was given a storage of device '${storage.device.name}'. Move the tensor first with .to('webgpu').`,
    );
  }

  /** Whether kernels compute an equation without sub-programs. */
  private hasKernel(eqn: Eqn): boolean {
    const { as } = loweringOf(eqn.primitive);
    if (as === 'map') return hasScalarCode(eqn);
    const called = as === 'call' || (as === 'pieces' && !hasPieces(eqn));
    return !called || routineFor(eqn, this.connection.limits) !== null;
  }

  private async capture(program: Program, donate: readonly boolean[]): Promise<Executable> {
    const { connection } = this;
    const target = gpuTarget(connection.limits);
    const schedule = fuse(program, target);
    for (const { dtype, shape } of schedule.outputs) connection.checkBinding(sizeOf(shape) * bytesPerElement(dtype));
    const { plan, nodes } = emitProgram(schedule, donate, { target, limits: connection.limits });
    for (const bytes of boundIn(nodes)) connection.checkBinding(bytes);
    const executable = new GpuExecutable({
      device: this,
      nodes,
      results: schedule.outputs.map(({ dtype, shape }) => ({ dtype, size: sizeOf(shape) })),
      plan,
      donate,
      report: {
        program,
        kernels: reportsOf(nodes),
        arenaBytes: plan.arenaBytes,
        codeBytes: codeBytes(nodes),
      },
    });
    await executable.prepare(connection);
    return executable;
  }
}

const bodiesOf = ({ params }: Eqn): Program[] => Object.values(params).flat().filter(isProgram);

/** How many loops an equation has inside each other, itself included. */
const depthOf = (eqn: Eqn): number =>
  eqn.primitive.kind !== 'control'
    ? 0
    : 1 + Math.max(0, ...bodiesOf(eqn).flatMap((body) => body.eqns.map((inner) => depthOf(inner))));

/** About how many operations a program does. */
const workOf = ({ eqns }: Program): number =>
  eqns.reduce((sum, { primitive, params, inputs, outputs }) => {
    const control = loweringAs(primitive, 'control')?.control(params);
    if (control) {
      const inside = bodiesOf({ primitive, params, inputs, outputs }).reduce((work, body) => work + workOf(body), 0);
      return sum + inside * (control.kind === 'scan' ? control.length : 1);
    }
    const made = outputs.reduce((size, { shape }) => size + sizeOf(shape), 0);
    const read = inputs.reduce((size, { shape }) => size + sizeOf(shape), 0);
    if (loweringAs(primitive, 'contraction') === null) return sum + made + read;
    const [contracted]: readonly (readonly number[])[] = params.contract;
    return sum + 2 * made * contracted.reduce((product, axis) => product * inputs[0].shape[axis], 1);
  }, 0);

/** The dispatches for people; those of a loop once, with their turns. */
function reportsOf(nodes: readonly Node[], turns = 1): KernelReport[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'loop') return reportsOf(node.even, turns * node.length);
    const { label, flops, bytes } = node;
    return [
      {
        kind: 'dispatch',
        label: turns > 1 ? `${turns} times: ${label}` : label,
        flops: Math.round(turns * flops),
        bytes: turns * bytes,
      },
    ];
  });
}

/** The sizes of all that is bound. */
function boundIn(nodes: readonly Node[]): number[] {
  return nodes.flatMap((node) =>
    node.kind === 'dispatch' ? node.spots.map(({ bytes }) => bytes) : [...boundIn(node.even), ...boundIn(node.odd)],
  );
}

function codeBytes(nodes: readonly Node[]): number {
  let bytes = 0;
  for (const node of nodes)
    bytes += node.kind === 'dispatch' ? node.source.length : codeBytes(node.even) + codeBytes(node.odd);
  return bytes;
}

const noFloat64 = (what: string): DeviceError =>
  new DeviceError(
    `The device 'webgpu' has no f64, which ${what} asks for. Use f32: .astype('f32'); or compute on the CPU: .to('cpu').`,
  );

/** Throws for a program that needs float64. */
function checkDTypes(program: Program): void {
  for (const variable of program.inputs) if (variable.dtype === 'f64') throw noFloat64('an operand');
  for (const eqn of program.eqns) {
    for (const { dtype } of [...eqn.inputs, ...eqn.outputs]) if (dtype === 'f64') throw noFloat64(eqn.primitive.name);
    for (const body of bodiesOf(eqn)) checkDTypes(body);
  }
}

/** The elements as they lie in device memory. */
function wordsOf(data: TypedArray, dtype: DType): Float32Array | Int32Array | Uint32Array {
  if (dtype === 'f32') return data instanceof Float32Array ? data : Float32Array.from(data);
  if (dtype === 'i32') return data instanceof Int32Array ? data : Int32Array.from(data);
  if (dtype === 'u32') return data instanceof Uint32Array ? data : Uint32Array.from(data);
  return Uint32Array.from(data, (value) => (value !== 0 ? 1 : 0));
}

async function opened(): Promise<Required<OpenedGpu>> {
  const { device, info } = await openGpu(await webGpu());
  return { device, info, exchanging: await exchangingLanes(device, info) };
}

/** The GPU of this machine. @throws NoAdapterError when there is none. */
export async function openWebGpu(): Promise<WebGpuDevice> {
  return new WebGpuDevice(await opened());
}
