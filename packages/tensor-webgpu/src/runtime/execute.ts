import { DeviceError } from '../errors/errors.ts';
import { lower } from '../optimize/simplify.ts';
import type { Aval } from '../program/aval.ts';
import { programKey } from '../program/key.ts';
import type { Program } from '../program/program.ts';
import { validateProgram } from '../program/validate.ts';
import { sizeOf } from '../shape/shape.ts';
import { ByteCache, type Cached } from './cache.ts';
import type { CompileOptions, Device, Executable, Later, ProgramReport, Storage } from './device.ts';
import { lineOf } from './line.ts';
import { arrivalOf, arrived, PendingStorage } from './pending.ts';

/** Bytes of the host that compiled programs and their keys may take together; the least recently used go first. */
const CACHE_BYTES = 128 * 1024 * 1024;

/** Rough size in memory of one equation with its variables and parameters. */
const EQUATION_BYTES = 500;

/**
 * A program on a device: compiled when it is first needed, dropped by the cache when it has not been used for long, and
 * compiled again when it is needed after that.
 */
export class CompiledProgram implements Cached {
  readonly program: Program;
  readonly device: Device;
  readonly options: CompileOptions;
  readonly key: string;
  /** The forms of the results, whose shapes nobody can write to: all results of all runs have these. */
  readonly results: readonly Aval[];
  bytes = 0;
  used = 0;
  /** There once compiled, gone after `drop`. */
  executable: Executable | null = null;
  /** Milliseconds that the program took to simplify. */
  private simplifying = 0;
  private coming: Promise<Executable> | null = null;
  private readonly cache: ByteCache<CompiledProgram>;
  /** Another of the same key, made while this one was dropped. */
  private twin: CompiledProgram | null = null;

  constructor(
    program: Program,
    device: Device,
    options: CompileOptions,
    key: string,
    cache: ByteCache<CompiledProgram>,
  ) {
    this.program = program;
    this.device = device;
    this.options = options;
    this.key = key;
    this.cache = cache;
    this.results = program.outputs.map(({ shape, dtype }) => ({ shape: Object.freeze(shape.slice()), dtype }));
  }

  ready(): Later<Executable> {
    if (this.executable) {
      this.cache.touch(this);
      return this.executable;
    }
    this.twin ??= this.cache.get(this.key) ?? null;
    if (this.twin && this.twin !== this) return this.twin.ready();
    return this.coming ?? this.compile();
  }

  /**
   * What was made of the program.
   * @throws DeviceError while a device compiles it in its own time.
   */
  report(use: string): ProgramReport {
    const ready = this.ready();
    if (!(ready instanceof Promise)) {
      const { report } = ready;
      const simplify = { name: 'simplify', milliseconds: this.simplifying };
      return report.steps ? { ...report, steps: [simplify, ...report.steps] } : report;
    }
    ready.catch(() => {});
    throw new DeviceError(
      `${use}: device '${this.device.name}' compiles in its own time. Run the function once and await a result, then ask again.`,
    );
  }

  drop(): void {
    const { executable } = this;
    this.executable = null;
    if (!executable) return;
    const line = lineOf(this.device);
    if (line.busy) line.add(() => executable.dispose()).catch(() => {});
    else executable.dispose();
  }

  private compile(): Later<Executable> {
    const start = performance.now();
    const simplified = validateProgram(lower(this.program));
    this.simplifying = performance.now() - start;
    const made = this.device.compile(simplified, this.options);
    if (!(made instanceof Promise)) return this.keep(made);
    this.coming = made
      .then((executable) => this.keep(executable))
      .finally(() => {
        this.coming = null;
      });
    return this.coming;
  }

  private keep(executable: Executable): Executable {
    this.executable = executable;
    this.bytes = executable.bytes + 2 * this.key.length + EQUATION_BYTES * this.program.eqns.length;
    this.cache.add(this.key, this);
    return executable;
  }
}

const caches = new WeakMap<Device, ByteCache<CompiledProgram>>();
/** The devices that have a cache, to clear them all. */
const cached = new Set<WeakRef<Device>>();

function cacheOf(device: Device): ByteCache<CompiledProgram> {
  let cache = caches.get(device);
  if (!cache) {
    cache = new ByteCache(CACHE_BYTES);
    caches.set(device, cache);
    cached.add(new WeakRef(device));
  }
  return cache;
}

/** A program on a device, found again by the program's own text. */
export function compiled(program: Program, device: Device, options: CompileOptions = {}): CompiledProgram {
  const cache = cacheOf(device);
  const key = `${options.donate?.map(Number).join('') ?? ''}|${programKey(program)}`;
  return cache.get(key) ?? new CompiledProgram(program, device, options, key, cache);
}

/** Drops every compiled program, and what devices keep for later runs. */
export function clearPrograms(): void {
  for (const reference of cached) {
    const device = reference.deref();
    if (!device) {
      cached.delete(reference);
      continue;
    }
    cacheOf(device).clear();
    device.trim?.();
  }
}

/**
 * Runs a program once. On a device that answers at once the outputs are there; on others they are on their way, and may
 * be used all the same.
 */
export function run(compiledProgram: CompiledProgram, inputs: readonly Storage[]): Storage[] {
  const { device } = compiledProgram;
  const line = lineOf(device);
  const own = mayStart(compiledProgram, line.busy) ? arrived(inputs) : null;
  // Compiling starts now, whoever stands in line.
  const ready = compiledProgram.ready();
  if (own && !(ready instanceof Promise)) {
    const answer = ready.run(own);
    if (!(answer instanceof Promise)) return answer;
    return promisedOutputs(compiledProgram, (told) => {
      const followed = told(answer);
      line.follow(followed);
      return followed;
    });
  }
  if (ready instanceof Promise) ready.catch(() => {});
  const coming = inputs.map(arrivalOf);
  return promisedOutputs(compiledProgram, (told) =>
    line.add(async () => told((await ready).run(await Promise.all(coming)))),
  );
}

/**
 * Whether a call may go ahead of those in line. On a device that answers at once it may, since tensors do not change,
 * unless it overwrites one that a call in line reads.
 */
const mayStart = ({ device, options }: CompiledProgram, busy: boolean): boolean =>
  !busy || (device.readSync !== undefined && !options.donate?.includes(true));

/** Outputs on their way from a call, which hands its answer to `told` before the device is asked for anything else. */
function promisedOutputs(
  { program, device }: CompiledProgram,
  call: (told: (answer: Later<Storage[]>) => Promise<Storage[]>) => Promise<Storage[]>,
): Storage[] {
  const pending: PendingStorage[] = [];
  const answer = call(async (coming) => {
    const outputs = await coming;
    pending.forEach((storage, i) => {
      storage.arrive(outputs[i]);
    });
    return outputs;
  });
  program.outputs.forEach(({ dtype, shape }, i) => {
    pending.push(
      new PendingStorage(
        device,
        dtype,
        sizeOf(shape),
        answer.then((outputs) => outputs[i]),
      ),
    );
  });
  return pending;
}

export const executeProgram = (program: Program, inputs: readonly Storage[], device: Device): Storage[] =>
  run(compiled(program, device), inputs);
