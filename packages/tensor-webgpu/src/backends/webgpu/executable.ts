import { bytesPerElement, type DType } from '../../dtype/dtype.ts';
import { DisposedError } from '../../errors/errors.ts';
import type { Executable, Later, ProgramReport, Storage } from '../../runtime/device.ts';
import type { Slab } from './buffers.ts';
import type { Connection } from './connection.ts';
import type { DispatchNode, Node } from './emit/nodes.ts';
import { Recorder } from './recorder.ts';
import { type GpuOwner, GpuStorage } from './storage.ts';

/** Sets of buffers whose bind groups are kept, the latest used: batches that come and go take turns among a few. */
const KEPT_SETS = 8;
/** What a dispatch with its pipeline and its bind groups takes on the host, about. */
const DISPATCH_BYTES = 4000;

interface Parts {
  readonly device: GpuOwner;
  readonly nodes: readonly Node[];
  readonly results: readonly { readonly dtype: DType; readonly size: number }[];
  /** Bytes of temporaries, and for each output the donated input that it takes over, or -1. */
  readonly plan: { readonly arenaBytes: number; readonly reuse: readonly number[] };
  readonly donate: readonly boolean[];
  readonly report: ProgramReport;
}

/** The bind groups of every dispatch for one set of buffers. */
interface BindingSet {
  readonly slabs: readonly Slab[];
  readonly groups: readonly GPUBindGroup[];
}

/** Every dispatch of a program, each once. */
function dispatchesIn(nodes: readonly Node[], found: Set<DispatchNode> = new Set()): Set<DispatchNode> {
  for (const node of nodes) {
    if (node.kind === 'dispatch') found.add(node);
    else {
      dispatchesIn(node.even, found);
      dispatchesIn(node.odd, found);
    }
  }
  return found;
}

/** A captured program: what it dispatches, with pipelines and bind groups that every run uses again. */
export class GpuExecutable implements Executable {
  readonly report: ProgramReport;
  readonly bytes: number;
  private readonly device: GpuOwner;
  private readonly nodes: readonly Node[];
  private readonly dispatches: ReadonlyMap<DispatchNode, number>;
  private readonly results: Parts['results'];
  private readonly arenaBytes: number;
  private readonly reuse: readonly number[];
  private readonly spent: readonly number[];
  /** The connection that the pipelines are made for. */
  private connection: Connection | null = null;
  private pipelines: readonly GPUComputePipeline[] = [];
  /** The latest used first. */
  private sets: BindingSet[] = [];
  private disposed = false;

  constructor({ device, nodes, results, plan, donate, report }: Parts) {
    this.device = device;
    this.nodes = nodes;
    this.dispatches = new Map([...dispatchesIn(nodes)].map((node, i) => [node, i]));
    this.results = results;
    this.arenaBytes = plan.arenaBytes;
    this.reuse = plan.reuse;
    this.spent = donate.flatMap((is, i) => (is && !plan.reuse.includes(i) ? [i] : []));
    this.report = report;
    this.bytes = DISPATCH_BYTES * this.dispatches.size + 2 * report.codeBytes;
  }

  /** Makes the pipelines, all at once. */
  async prepare(connection: Connection): Promise<void> {
    const pipelines = await Promise.all(
      [...this.dispatches.keys()].map((node) =>
        connection.pipelines.take({
          source: node.source,
          label: node.label,
          storages: node.spots.length,
          turns: node.counters,
        }),
      ),
    );
    this.pipelines = pipelines;
    this.sets = [];
    this.connection = connection;
  }

  run(inputs: readonly Storage[]): Later<Storage[]> {
    const { device } = this;
    if (this.disposed)
      throw new DisposedError('A compiled program was run after its memory was given back. Compile it again.');
    const connection = device.connection;
    connection.check();
    if (this.connection !== connection) return this.prepare(connection).then(() => this.run(inputs));
    const given = inputs.map((storage) => device.own(storage).slab(connection));
    const sizes = this.sizesToTake(given, connection);
    const taken = connection.buffers.take(sizes);
    if (taken instanceof Promise) return taken.then((slabs) => this.replay(connection, inputs, given, slabs));
    return this.replay(connection, inputs, given, taken);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const { source } of this.dispatches.keys()) this.connection?.pipelines.give(source);
    this.sets = [];
    this.pipelines = [];
  }

  /** Bytes of the buffers that a run takes: outputs, a larger arena, and copies of inputs that are given twice. */
  private sizesToTake(given: readonly Slab[], { arena }: Connection): number[] {
    const sizes: number[] = [];
    this.results.forEach(({ dtype, size }, i) => {
      if (this.reuse[i] < 0) sizes.push(size * bytesPerElement(dtype));
    });
    if (this.arenaBytes > (arena?.bytes ?? 0)) sizes.push(this.arenaBytes);
    for (let i = 0; i < given.length; i++) if (given.indexOf(given[i]) < i) sizes.push(given[i].bytes);
    return sizes;
  }

  private replay(
    connection: Connection,
    inputs: readonly Storage[],
    given: readonly Slab[],
    taken: readonly Slab[],
  ): Storage[] {
    const { device, results, reuse } = this;
    let next = 0;
    const outputs: Storage[] = [];
    const made: (Slab | null)[] = [];
    for (let i = 0; i < results.length; i++) {
      if (reuse[i] >= 0) {
        outputs.push(inputs[reuse[i]]);
        made.push(null);
        continue;
      }
      const slab = taken[next++];
      const { dtype, size } = results[i];
      outputs.push(new GpuStorage(device, connection, dtype, size, slab));
      made.push(slab);
    }
    if (this.arenaBytes > (connection.arena?.bytes ?? 0)) {
      if (connection.arena) connection.buffers.destroy(connection.arena);
      connection.arena = taken[next++];
    }
    const recorder = new Recorder(connection);
    const copies: Slab[] = [];
    const slabs: Slab[] = [connection.arena ?? given[0] ?? made[0]];
    given.forEach((slab, i) => {
      if (given.indexOf(slab) === i) {
        slabs.push(slab);
        return;
      }
      // What is bound twice in one dispatch must not be written: the second one is a copy.
      const copy = taken[next++];
      recorder.copy(slab, copy);
      copies.push(copy);
      slabs.push(copy);
    });
    made.forEach((slab, i) => {
      slabs.push(slab ?? given[reuse[i]]);
    });
    recorder.run(this.nodes, this.dispatches, this.pipelines, this.groupsFor(connection, slabs));
    recorder.submit();
    for (const copy of copies) connection.buffers.give(copy);
    for (const i of this.spent) inputs[i].dispose();
    return outputs;
  }

  /** The bind groups for a set of buffers, by the number of their dispatch. */
  private groupsFor(connection: Connection, slabs: readonly Slab[]): readonly GPUBindGroup[] {
    const { sets } = this;
    const at = sets.findIndex((set) => set.slabs.every((slab, i) => slab === slabs[i]));
    if (at >= 0) {
      if (at > 0) sets.unshift(...sets.splice(at, 1));
      return sets[0].groups;
    }
    const groups: GPUBindGroup[] = [];
    for (const [{ spots }, number] of this.dispatches) {
      const same = sets.find((set) => spots.every(({ buffer }) => set.slabs[buffer] === slabs[buffer]));
      groups[number] =
        same?.groups[number] ??
        connection.device.createBindGroup({
          layout: connection.pipelines.storageLayout(spots.length),
          entries: spots.map(({ buffer, offset, bytes }, binding) => ({
            binding,
            resource: { buffer: slabs[buffer].buffer, offset, size: bytes },
          })),
        });
    }
    sets.unshift({ slabs, groups });
    if (sets.length > KEPT_SETS) sets.pop();
    return groups;
  }
}
