import type { Slab } from './buffers.ts';
import { type Connection, turnOffset } from './connection.ts';
import type { DispatchNode, Node } from './emit/nodes.ts';
import { COUNTED_TURNS } from './emit/region.ts';

/**
 * Operations and bytes after which what was recorded is submitted: a tenth of a second on a slow GPU, so that no submit
 * comes near the seconds after which browsers take a GPU for hung.
 */
const WORK_PER_SUBMIT = 1e10;
/** Dispatches after which what was recorded is submitted, so that the GPU begins while the rest is encoded. */
const DISPATCHES_PER_SUBMIT = 4096;
/** Numbers of turns that a dispatch binds at most, in every implementation. */
const MOST_COUNTERS = 8;

/** Records a run of a program: one pass and one submit, or several when there is much to do. */
export class Recorder {
  private readonly connection: Connection;
  private encoder: GPUCommandEncoder | null = null;
  private pass: GPUComputePassEncoder | null = null;
  private work = 0;
  private dispatched = 0;
  private pipeline: GPUComputePipeline | null = null;
  private group: GPUBindGroup | null = null;
  /** The turns that are bound, by how many numbers. */
  private counters = 0;
  private readonly offsets = new Uint32Array(MOST_COUNTERS);
  /** Which turn each loop is in. */
  private readonly turns: number[] = [];

  constructor(connection: Connection) {
    this.connection = connection;
  }

  copy(from: Slab, to: Slab): void {
    this.encoder ??= this.connection.device.createCommandEncoder();
    this.encoder.copyBufferToBuffer(from.buffer, 0, to.buffer, 0, from.bytes);
  }

  run(
    nodes: readonly Node[],
    numbers: ReadonlyMap<DispatchNode, number>,
    pipelines: readonly GPUComputePipeline[],
    groups: readonly GPUBindGroup[],
  ): void {
    for (const node of nodes) {
      if (node.kind === 'dispatch') {
        const number = numbers.get(node) as number;
        this.dispatch(node, pipelines[number], groups[number]);
        continue;
      }
      for (let turn = 0; turn < node.length; turn++) {
        this.turns[node.loop] = turn;
        this.run(turn % 2 === 0 ? node.even : node.odd, numbers, pipelines, groups);
      }
    }
  }

  private dispatch(node: DispatchNode, pipeline: GPUComputePipeline, group: GPUBindGroup): void {
    if (this.work > WORK_PER_SUBMIT || this.dispatched >= DISPATCHES_PER_SUBMIT) this.submit();
    const { connection } = this;
    this.encoder ??= connection.device.createCommandEncoder();
    this.pass ??= this.encoder.beginComputePass();
    const { pass } = this;
    if (this.pipeline !== pipeline) {
      pass.setPipeline(pipeline);
      this.pipeline = pipeline;
    }
    // What was bound stays so until another takes its place.
    if (this.group !== group) {
      pass.setBindGroup(0, group);
      this.group = group;
    }
    if (node.counters > 0 && this.turn(node)) {
      pass.setBindGroup(1, connection.turnGroup(node.counters), this.offsets, 0, node.counters);
    }
    const [x, y, z] = node.workgroups;
    // An argument less is a twentieth of the call less.
    if (y === 1 && z === 1) pass.dispatchWorkgroups(x);
    else pass.dispatchWorkgroups(x, y, z);
    this.work += node.flops + node.bytes;
    this.dispatched++;
  }

  /** Notes where the turns that a dispatch asks for lie, and says whether others are bound now. */
  private turn({ turns, counters }: DispatchNode): boolean {
    const { offsets } = this;
    let differs = this.counters !== counters;
    let at = 0;
    const note = (offset: number): void => {
      differs ||= offsets[at] !== offset;
      offsets[at++] = offset;
    };
    for (const { loop, counters: numbers } of turns) {
      const now = this.turns[loop];
      note(turnOffset(now % COUNTED_TURNS));
      if (numbers === 2) note(turnOffset(Math.floor(now / COUNTED_TURNS)));
    }
    this.counters = counters;
    return differs;
  }

  /** Hands over what was recorded. */
  submit(): void {
    this.pass?.end();
    if (this.encoder) this.connection.device.queue.submit([this.encoder.finish()]);
    this.pass = null;
    this.encoder = null;
    this.pipeline = null;
    this.group = null;
    this.counters = 0;
    this.work = 0;
    this.dispatched = 0;
  }
}
