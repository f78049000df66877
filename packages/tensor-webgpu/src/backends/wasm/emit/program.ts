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
import { LEAST_TASK, workOf } from '../threads/work.ts';
import { rowsPerBlock } from './blocks.ts';
import { ModuleContext } from './context.ts';
import { type ControlCode, controlFor, type EmittedRegion } from './control/code.ts';
import { emitCopyFunction } from './copy.ts';
import { labelOf } from './label.ts';
import { emitLoops } from './loops.ts';
import { grainOf, joinPhases, type Phase } from './phases.ts';
import type { Placement, WholePlacement } from './pointers.ts';
import { emitPack, emitProduct, type Product, Products } from './products.ts';
import { emitReduce } from './reduce.ts';
import { RoutineCalls } from './routine-call.ts';
import type { StageFrame } from './stage-frame.ts';
import { type Flushed, flushed } from './subnormal.ts';
import { PART_PARAMS, Tasks } from './tasks.ts';
import { emitUpdate } from './update.ts';

/** A part that JavaScript computes: which equation, and where its operands and results lie. */
export interface HostCall {
  readonly part: CallPart;
  readonly operands: readonly (WholePlacement | null)[];
  readonly results: readonly WholePlacement[];
}

export interface EmittedProgram {
  readonly plan: MemoryPlan;
  readonly calls: readonly HostCall[];
  readonly functions: ModuleContext['functions'];
  /** Entries of the pointer table: inputs, outputs, then those of sub-programs. */
  readonly slots: number;
  /** Estimated nanoseconds of one run that threads may share; 0 when nothing is worth it. */
  readonly sharedWork: number;
  /** Units of what may be cut, in the order of the exported phases; without those of sub-programs. */
  readonly units: readonly number[];
}

/** Parameters of `step`: the number of threads that are ready to help, the arena and the table of pointers. */
const STEP_PARAMS = ['i32', 'i32', 'i32'] as const;
const [THREADS, ARENA, TABLE] = [0, 1, 2];

/** Bytes of operands that one thread packs in a nanosecond. */
const PACK_RATE = 4;

/** What the regions of one module share. */
interface Shared {
  readonly context: ModuleContext;
  readonly host: Callable;
  readonly copy: FunctionBuilder;
  readonly products: Products;
  readonly routines: RoutineCalls;
  readonly calls: HostCall[];
  readonly tasks: Tasks | null;
  readonly shareAll: boolean;
  /** What is made 0 where it is below the normal numbers. */
  readonly flushed: Flushed;
  slots: number;
}

export interface EmitOptions {
  /** Export the work between barriers as `phase-0`, `phase-1`, …, so that a test can play several threads in turn. */
  readonly exportPhases?: boolean;
  /** Threads that may run the program at most; more than 1 needs a shared memory. Default: 1. */
  readonly threads?: number;
  /** Cut everything as finely as it goes, and offer it to other threads however small. Default: where it pays. */
  readonly shareAll?: boolean;
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
  const { threads = 1, shareAll = false, exportPhases = false, pairVectors = false, checkSize } = options;
  const context = new ModuleContext(module, pairVectors);
  const host = module.importFunction('host', 'call', ['i32', 'i32', 'i32']);
  const lookout = threads > 1 && !exportPhases ? module.importFunction('host', 'lookout') : null;
  for (const { groups } of allSchedules(schedule)) context.importScalars(groups);
  const small = flushed(schedule);
  const shared: Shared = {
    context,
    host,
    copy: emitCopyFunction(module),
    products: new Products(module, pairVectors, (variable) => small.variables.has(variable)),
    flushed: small,
    routines: new RoutineCalls(module, threads),
    calls: [],
    tasks: lookout ? new Tasks(module, lookout, shareAll) : null,
    shareAll,
    slots: 0,
  };
  const { products } = shared;
  for (const { groups } of allSchedules(schedule)) products.addAll(groups);
  options.watch?.lap('emit');
  const plan = planMemory(schedule, {
    target: cpuTarget,
    inBlocks: { rows: (part) => rowsPerBlock(part, products.of, shareAll), threads },
    donate: schedule.inputs.map((_, i) => donate[i] ?? false),
    scratch(work, part) {
      if (work.kind === 'call') return shared.routines.scratch(work);
      if (work.kind !== 'contraction' || part.kind !== 'rows') return 0;
      const { scratchBytes, packsInside } = products.add(work, part.rows);
      return scratchBytes * (packsInside ? threads : 1);
    },
  });
  options.watch?.lap('plan');
  checkSize?.(plan.arenaBytes);
  const emitter = new RegionEmitter(shared, schedule, plan, true);
  const { step, work } = emitter.emit('step');
  module.export(step);
  shared.tasks?.finish();
  if (exportPhases) emitter.phases.forEach(({ body }, i) => module.export(body, `phase-${i}`));
  return {
    plan,
    calls: shared.calls,
    functions: context.functions,
    slots: shared.slots,
    sharedWork: work,
    units: emitter.phases.map(({ units }) => units),
  };
}

class RegionEmitter {
  private readonly shared: Shared;
  private readonly module: ModuleBuilder;
  private readonly schedule: Schedule;
  private readonly plan: MemoryPlan;
  private readonly products: Products;
  private readonly placements = new Map<Var, Placement>();
  /** What comes after one another, in order, but for what control equations and the host run. */
  readonly phases: Phase[] = [];
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
    for (const { bytes, offsets, rowBytes, offset } of plan.blocks.values()) {
      for (const [variable, at] of offsets) {
        const placement = { offset: offset + at, threadBytes: bytes, rowBytes: rowBytes.get(variable) as number };
        placements.set(variable, { base: 'block', ...placement });
      }
    }
    for (const [work, offset] of plan.scratch) {
      if (work.kind === 'contraction') (this.products.of.get(work) as Product).scratch = offset;
    }
    for (const [part, control] of plan.controls) {
      const regions = part.regions.map((child, i): EmittedRegion => {
        const emitter = new RegionEmitter(shared, child, control.regions[i], false);
        return emitter.emit(`${part.eqn.primitive.name}-${i}`);
      });
      this.controls.set(part, controlFor(part, control, regions));
    }

    const step = this.module.func(name, STEP_PARAMS);
    let work = 0;
    schedule.groups.forEach((group, at) => {
      const packs = this.emitPacks(`${name}-pack-${at}`, group.parts);
      const { alone, together } = this.emitGroup(`${name}-group-${at}`, group.parts);
      // Packed operands may be those of parts that run alone.
      if (packs) work += this.emitPhase(step, packs);
      if (alone) {
        step.localGet(ARENA);
        step.localGet(TABLE);
        step.call(alone);
      }
      if (together) work += this.emitPhase(step, together);
      for (const part of group.parts) if (part.kind === 'control') work += this.emitControl(step, part);
    });
    return { step, inputSlot, outputSlot, work };
  }

  /** Calls a phase, with help where it is worth it; returns the work that may be shared. */
  private emitPhase(step: FunctionBuilder, phase: Phase): number {
    const { body, units, work } = phase;
    const { tasks, shareAll } = this.shared;
    this.phases.push(phase);
    const all = (): void => {
      step.i32Const(0);
      step.i32Const(units);
      step.localGet(ARENA);
      step.localGet(TABLE);
      step.i32Const(0);
      step.call(body);
    };
    if (!tasks || units <= 1 || (work < LEAST_TASK && !shareAll)) {
      all();
      return 0;
    }
    step.localGet(THREADS);
    step.i32Const(1);
    step.i32GtU();
    step.if(() => tasks.emitShared(step, body, { units, grain: grainOf(phase) }, ARENA, TABLE), all);
    return Math.max(work, 1);
  }

  /** A function with what only the calling thread can do: call the host; and one with the rest. */
  private emitGroup(name: string, parts: readonly Part[]): { alone: FunctionBuilder | null; together: Phase | null } {
    const called = parts.filter((part) => part.kind === 'call');
    const calls = called.filter((part) => !this.shared.routines.of(part));
    const hosted = (part: Part): boolean => part.kind === 'rows' && this.shared.context.callsHost(part.stages);
    const alone = parts.filter((part) => part.kind === 'rows' && hosted(part));
    const cut = parts.filter((part) => part.kind === 'rows' && !hosted(part));
    let own: FunctionBuilder | null = null;
    if (calls.length > 0 || alone.length > 0) {
      own = this.module.func(`${name}-alone`, ['i32', 'i32']);
      const [arena, table] = [0, 1];
      for (const part of calls) this.emitCall(own, part as CallPart, arena, table);
      for (const part of alone) {
        const rows = this.emitRows(part as RowPart);
        if (!rows) continue;
        own.i32Const(0);
        own.i32Const(rows.units);
        own.localGet(arena);
        own.localGet(table);
        own.i32Const(0);
        own.call(rows.body);
      }
    }
    const phases = [
      ...cut.map((part) => this.emitRows(part as RowPart)),
      ...called.map((part) => this.emitRoutine(part)),
    ].filter((phase) => phase !== null);
    return { alone: own, together: joinPhases(this.module, name, phases) };
  }

  /** Packs operands which all blocks of rows share; `null` when there are none. */
  private emitPacks(name: string, parts: readonly Part[]): Phase | null {
    const phases: Phase[] = [];
    for (const part of parts) {
      if (part.kind !== 'rows') continue;
      for (const stage of part.stages) {
        const product = stage.kind === 'contraction' ? this.products.of.get(stage) : undefined;
        if (!product?.emitted.pack || product.packsInside) continue;
        const f = this.module.func(`${name}-${phases.length}`, PART_PARAMS);
        emitPack({ f, arena: 2, table: 3, placements: this.placements }, product, 0, 1);
        const bytes = product.scratchBytes;
        const { packBlocks } = product.emitted;
        const work = bytes / PACK_RATE;
        phases.push({ body: f, units: packBlocks, work, largest: work / Math.max(1, packBlocks) });
      }
    }
    return joinPhases(this.module, name, phases);
  }

  private emitRows(part: RowPart): Phase | null {
    if (part.rows === 0 || part.stages.length === 0) return null;
    const size = rowsPerBlock(part, this.products.of, this.shared.shareAll);
    const units = Math.ceil(part.rows / size);
    const work = workOf(part);
    return { body: this.emitRowPart(part, size), units, work, largest: work / units };
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
          flushed: this.shared.flushed,
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

  /** A called equation that a routine of the module computes; `null` where the host does, or where there is nothing to do. */
  private emitRoutine(part: CallPart): Phase | null {
    const { routines } = this.shared;
    const routine = routines.of(part);
    if (!routine || routine.units === 0) return null;
    const scratch = this.plan.scratch.get(part) ?? 0;
    const body = routines.emit(part, routine, this.placements, scratch);
    const { units, work } = routine;
    return { body, units, work, largest: work / units };
  }

  private emitCall(f: FunctionBuilder, part: CallPart, arena: number, table: number): void {
    const place = (variable: Var): WholePlacement => this.placements.get(variable) as WholePlacement;
    const id =
      this.shared.calls.push({
        part,
        operands: part.operands.map((operand) => operand && place(operand)),
        results: part.eqn.outputs.map(place),
      }) - 1;
    f.i32Const(id);
    f.localGet(arena);
    f.localGet(table);
    f.call(this.shared.host);
  }

  private emitControl(step: FunctionBuilder, part: ControlPart): number {
    const code = this.controls.get(part)!;
    code.emit({
      f: step,
      threads: THREADS,
      arena: ARENA,
      table: TABLE,
      placements: this.placements,
      copy: this.shared.copy,
    });
    return code.work;
  }
}
