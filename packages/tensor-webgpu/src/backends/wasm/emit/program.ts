import {
  allSchedules,
  type CallPart,
  type ControlPart,
  type Part,
  type RowPart,
  type Schedule,
} from '../../../kernels/form.ts';
import type { MemoryPlan, Place } from '../../../plan/memory.ts';
import { planMemory } from '../../../plan/plan.ts';
import type { Var } from '../../../program/aval.ts';
import type { Callable, FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import type { Stopwatch } from '../stopwatch.ts';
import { cpuTarget } from '../target.ts';
import { rowsPerBlock } from './blocks.ts';
import { ModuleContext } from './context.ts';
import { ControlCode, type EmittedRegion } from './control.ts';
import { emitCopyFunction } from './copy.ts';
import { emitLoops } from './loops.ts';
import type { Placement } from './pointers.ts';
import { emitPack, emitProduct, type Product, Products } from './products.ts';
import { emitReduce } from './reduce.ts';
import type { StageFrame } from './stage-frame.ts';
import { emitUpdate } from './update.ts';

/** A part that JavaScript computes: which equation, and where its operands and results lie. */
export interface HostCall {
  readonly part: CallPart;
  readonly operands: readonly (Placement | null)[];
  readonly results: readonly Placement[];
}

export interface EmittedProgram {
  readonly plan: MemoryPlan;
  readonly calls: readonly HostCall[];
  readonly functions: ModuleContext['functions'];
  /** Entries of the pointer table: inputs, outputs, then those of sub-programs. */
  readonly slots: number;
}

/** Parameters of `step`: this thread, the number of threads, the arena and the table of pointers. */
const STEP_PARAMS = ['i32', 'i32', 'i32', 'i32'] as const;
const [THREAD, THREADS, ARENA, TABLE] = [0, 1, 2, 3];
/** Parameters of a part's function: blocks [from, to), arena, table, thread. */
const PART_PARAMS = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;

/** What the regions of one module share. */
interface Shared {
  readonly context: ModuleContext;
  readonly host: Callable;
  readonly barrier: FunctionBuilder;
  readonly copy: FunctionBuilder;
  readonly products: Products;
  readonly calls: HostCall[];
  readonly threads: number;
  readonly checkSize: (bytes: number) => void;
  slots: number;
}

export interface EmitOptions {
  /** Export the work between barriers as `phase-0`, `phase-1`, …, so that a test can play several threads in turn. */
  readonly exportPhases?: boolean;
  /** Threads that may run the program at most. Default: 1. */
  readonly threads?: number;
  /** Tiles of products for a compiler that joins pairs of vectors; see `wideVectors.ts`. Default: false. */
  readonly pairVectors?: boolean;
  /** Told the bytes of every arena before its offsets are written; throws where they are too many. */
  readonly checkSize?: (bytes: number) => void;
  /** Told when the plan of memory begins and ends. */
  readonly watch?: Stopwatch;
}

/** Emits a schedule as one module whose `step` runs it once. */
export function emitProgram(
  module: ModuleBuilder,
  schedule: Schedule,
  donate: readonly boolean[],
  options: EmitOptions = {},
): EmittedProgram {
  const context = new ModuleContext(module);
  const host = module.importFunction('host', 'call', ['i32', 'i32', 'i32']);
  for (const { groups } of allSchedules(schedule)) context.importScalars(groups);
  const barrier = module.func('barrier', ['i32', 'i32']);
  const copy = emitCopyFunction(module);
  const shared: Shared = {
    context,
    host,
    barrier,
    copy,
    products: new Products(module, options.pairVectors ?? false),
    calls: [],
    threads: options.threads ?? 1,
    checkSize: options.checkSize ?? (() => {}),
    slots: 0,
  };
  const { products, threads, checkSize } = shared;
  for (const { groups } of allSchedules(schedule)) products.addAll(groups);
  options.watch?.lap('emit');
  const plan = planMemory(schedule, {
    target: cpuTarget,
    donate: schedule.inputs.map((_, i) => donate[i] ?? false),
    scratch(stage, part) {
      const { scratchBytes, packsInside } = products.add(stage, part.rows);
      return scratchBytes * (packsInside ? threads : 1);
    },
  });
  options.watch?.lap('plan');
  checkSize(plan.arenaBytes);
  const emitter = new RegionEmitter(shared, schedule, plan, true);
  const { step } = emitter.emit('step');
  module.export(step);
  if (options.exportPhases) emitter.phases.forEach((phase, i) => module.export(phase, `phase-${i}`));
  return { plan, calls: shared.calls, functions: context.functions, slots: shared.slots };
}

class RegionEmitter {
  private readonly shared: Shared;
  private readonly module: ModuleBuilder;
  private readonly schedule: Schedule;
  private readonly plan: MemoryPlan;
  private readonly products: Products;
  private readonly placements = new Map<Var, Placement>();
  /** The functions between two barriers, in order, but for what control equations run. */
  readonly phases: FunctionBuilder[] = [];
  private readonly controls = new Map<ControlPart, ControlCode>();
  /** Variables that lie inside a larger buffer, so that nothing may be written past their end. */
  private readonly exact: ReadonlySet<Var>;

  constructor(shared: Shared, schedule: Schedule, plan: MemoryPlan, root: boolean) {
    this.shared = shared;
    this.module = shared.context.module;
    this.schedule = schedule;
    this.plan = plan;
    this.products = shared.products;
    const within = [...plan.places].filter(([, place]) => !root && place.in !== 'arena');
    this.exact = new Set(within.map(([variable]) => variable));
  }

  emit(name: string): EmittedRegion {
    const { placements, shared, schedule, plan } = this;
    const inputSlot = shared.slots;
    const outputSlot = inputSlot + schedule.inputs.length;
    shared.slots = outputSlot + schedule.outputs.length;
    const placed = (place: Place): Placement => {
      if (place.in === 'arena') return { base: 'arena', offset: place.offset };
      return { base: 'table', slot: (place.in === 'input' ? inputSlot : outputSlot) + place.index };
    };
    for (const [variable, place] of plan.places) placements.set(variable, placed(place));
    for (const [stage, offset] of plan.scratch) (this.products.of.get(stage) as Product).scratch = offset;
    for (const [part, control] of plan.controls) {
      const regions = part.regions.map((child, i): EmittedRegion => {
        const emitter = new RegionEmitter(shared, child, control.regions[i], false);
        return emitter.emit(`${part.eqn.primitive.name}-${i}`);
      });
      this.controls.set(part, new ControlCode(part, control, regions));
    }

    const step = this.module.func(name, STEP_PARAMS);
    const sync = (): void => {
      step.localGet(THREAD);
      step.localGet(THREADS);
      step.call(shared.barrier);
    };
    schedule.groups.forEach((group, at) => {
      const packs = this.emitPacks(`${name}-pack-${at}`, group.parts);
      const work = this.emitGroup(`${name}-group-${at}`, group.parts);
      const controls = group.parts.filter((part) => part.kind === 'control');
      let first = at === 0;
      for (const phase of [packs, work]) {
        if (!phase) continue;
        if (!first) sync();
        first = false;
        for (let i = 0; i < STEP_PARAMS.length; i++) step.localGet(i);
        step.call(phase);
        this.phases.push(phase);
      }
      for (const part of controls) this.emitControl(step, part, sync);
    });
    return { step, inputSlot, outputSlot };
  }

  /** A function that runs the parts of a group; `null` when all of them are control equations. */
  private emitGroup(name: string, parts: readonly Part[]): FunctionBuilder | null {
    const work = parts.filter((part) => part.kind !== 'control');
    if (work.length === 0) return null;
    const phase = this.module.func(name, STEP_PARAMS);
    for (const part of work) {
      if (part.kind === 'rows') this.emitRows(phase, part);
      else this.emitCall(phase, part);
    }
    return phase;
  }

  /** A function that packs operands which all blocks of rows share; `null` when there are none. */
  private emitPacks(name: string, parts: readonly Part[]): FunctionBuilder | null {
    let step: FunctionBuilder | null = null;
    for (const part of parts) {
      if (part.kind !== 'rows') continue;
      for (const stage of part.stages) {
        const product = stage.kind === 'contraction' ? this.products.of.get(stage) : undefined;
        if (!product?.emitted.pack || product.packsInside) continue;
        step ??= this.module.func(name, STEP_PARAMS);
        const [from, to] = this.emitShare(step, product.emitted.packBlocks);
        emitPack({ f: step, arena: ARENA, table: TABLE, placements: this.placements }, product, from, to);
        step.release(from, to);
      }
    }
    return step;
  }

  /** Locals with this thread's share of `units`. */
  private emitShare(step: FunctionBuilder, units: number): [number, number] {
    const share = step.locals('i32', 2) as [number, number];
    share.forEach((local, i) => {
      step.localGet(THREAD);
      if (i === 1) {
        step.i32Const(1);
        step.i32Add();
      }
      step.i32Const(units);
      step.i32Mul();
      step.localGet(THREADS);
      step.i32DivU();
      step.localSet(local);
    });
    return share;
  }

  private emitRows(step: FunctionBuilder, part: RowPart): void {
    if (part.rows === 0 || part.stages.length === 0) return;
    const size = rowsPerBlock(part, this.products.of);
    const units = Math.ceil(part.rows / size);
    const run = this.emitRowPart(part, size);
    const [from, to] = this.emitShare(step, units);
    step.localGet(from);
    step.localGet(to);
    step.localGet(ARENA);
    step.localGet(TABLE);
    step.localGet(THREAD);
    step.call(run);
    step.release(from, to);
  }

  /** A function that runs blocks [from, to) of a part. */
  private emitRowPart(part: RowPart, size: number): FunctionBuilder {
    const f = this.module.func(labelOf(part), PART_PARAMS);
    const [arena, table, thread] = [2, 3, 4];
    f.loop(
      { local: 1 },
      (block) => {
        const [first, end] = f.locals('i32', 2);
        f.localGet(block);
        f.i32Const(size);
        f.i32Mul();
        f.localTee(first);
        f.i32Const(size);
        f.i32Add();
        f.localSet(end);
        // end = min(end, rows)
        f.localGet(end);
        f.i32Const(part.rows);
        f.localGet(end);
        f.i32Const(part.rows);
        f.i32LtS();
        f.select();
        f.localSet(end);
        const frame: StageFrame = {
          f,
          context: this.shared.context,
          placements: this.placements,
          arena,
          table,
          thread,
          from: first,
          to: end,
          rows: part.rows,
          padded: (variable) => !this.exact.has(variable),
        };
        for (const stage of part.stages) {
          if (stage.kind === 'loops') emitLoops(frame, stage);
          else if (stage.kind === 'reduce') emitReduce(frame, stage);
          else if (stage.kind === 'update') emitUpdate(frame, stage);
          else emitProduct(frame, this.products.of.get(stage)!);
        }
        f.release(first, end);
      },
      { from: { local: 0 } },
    );
    return f;
  }

  private emitCall(step: FunctionBuilder, part: CallPart): void {
    const place = (variable: Var): Placement => this.placements.get(variable) as Placement;
    const id =
      this.shared.calls.push({
        part,
        operands: part.operands.map((operand) => operand && place(operand)),
        results: part.eqn.outputs.map(place),
      }) - 1;
    step.localGet(THREAD);
    step.i32Eqz();
    step.if(() => {
      step.i32Const(id);
      step.localGet(ARENA);
      step.localGet(TABLE);
      step.call(this.shared.host);
    });
  }

  private emitControl(step: FunctionBuilder, part: ControlPart, sync: () => void): void {
    this.controls.get(part)!.emit({
      f: step,
      thread: THREAD,
      threads: THREADS,
      arena: ARENA,
      table: TABLE,
      placements: this.placements,
      sync,
      copy: this.shared.copy,
    });
  }
}

/** The primitives that a part computes, for profiles and `explain`. */
function labelOf(part: Part): string {
  if (part.kind !== 'rows') return part.eqn.primitive.name;
  const names: string[] = [];
  for (const stage of part.stages) {
    if (stage.kind === 'contraction') names.push('dotGeneral');
    else if (stage.kind === 'reduce') names.push(stage.operation);
    else if (stage.kind === 'update') names.push('scatter');
    else names.push('loop');
  }
  return names.join('+');
}
