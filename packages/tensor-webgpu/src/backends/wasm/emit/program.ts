import type { CallPart, ControlPart, Part, RowPart, Schedule, Stage } from '../../../fuse/schedule.ts';
import type { Var } from '../../../program/program.ts';
import { type MemoryPlan, planMemory, type ScratchRequest } from '../../../plan/plan.ts';
import type { Callable, FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { rowsPerBlock } from './blocks.ts';
import { ModuleContext } from './context.ts';
import { emitLoops, type StageFrame } from './loops.ts';
import type { Placement } from './pointers.ts';
import { emitPack, emitProduct, type Product, Products } from './products.ts';
import { emitReduce } from './reduce.ts';

/** A part that JavaScript computes: which equation, and where its operands and results lie. */
export interface HostCall {
  readonly part: CallPart | ControlPart;
  readonly operands: readonly (Placement | null)[];
  readonly results: readonly Placement[];
}

export interface EmittedProgram {
  readonly plan: MemoryPlan;
  readonly calls: readonly HostCall[];
  readonly functions: ModuleContext['functions'];
}

/** Parameters of `step`: this thread, the number of threads, the arena and the table of pointers. */
export const STEP_PARAMS = ['i32', 'i32', 'i32', 'i32'] as const;
const [THREAD, THREADS, ARENA, TABLE] = [0, 1, 2, 3];
/** Parameters of a part's function: blocks [from, to), arena, table. */
const PART_PARAMS = ['i32', 'i32', 'i32', 'i32'] as const;

/** Emits a schedule as one module whose `step` runs it once. */
export function emitProgram(module: ModuleBuilder, schedule: Schedule, donate: readonly boolean[]): EmittedProgram {
  const context = new ModuleContext(module);
  const host = module.importFunction('host', 'call', ['i32', 'i32', 'i32']);
  context.importScalars(schedule.groups);
  return new ProgramEmitter(context, host, schedule, donate).emit();
}

class ProgramEmitter {
  private readonly context: ModuleContext;
  private readonly module: ModuleBuilder;
  private readonly host: Callable;
  private readonly schedule: Schedule;
  private readonly donate: readonly boolean[];
  private readonly products: Products;
  private readonly calls: HostCall[] = [];
  private readonly placements = new Map<Var, Placement>();

  constructor(context: ModuleContext, host: Callable, schedule: Schedule, donate: readonly boolean[]) {
    this.context = context;
    this.module = context.module;
    this.host = host;
    this.schedule = schedule;
    this.donate = donate;
    this.products = new Products(context.module);
  }

  emit(): EmittedProgram {
    const { schedule, placements } = this;
    const requests: ScratchRequest[] = [];
    const waiting: Product[] = [];
    schedule.groups.forEach((group, at) => {
      for (const part of group.parts) {
        if (part.kind !== 'rows') continue;
        for (const stage of part.stages) {
          if (stage.kind !== 'contraction') continue;
          const product = this.products.add(stage, part.rows);
          requests.push({ bytes: product.emitted.scratchBytes, group: at });
          waiting.push(product);
        }
      }
    });
    const plan = planMemory(schedule, this.donate, requests);
    waiting.forEach((product, i) => {
      product.scratch = plan.scratch[i];
    });
    schedule.inputs.forEach((variable, slot) => {
      placements.set(variable, { base: 'table', slot });
    });
    schedule.outputs.forEach((variable, i) => {
      placements.set(variable, { base: 'table', slot: schedule.inputs.length + i });
    });
    for (const [variable, offset] of plan.offsets) placements.set(variable, { base: 'arena', offset });

    const step = this.module.func('step', STEP_PARAMS);
    const barrier = this.module.func('barrier', ['i32', 'i32']);
    const sync = (): void => {
      step.localGet(THREAD);
      step.localGet(THREADS);
      step.call(barrier);
    };
    schedule.groups.forEach((group, at) => {
      if (at > 0) sync();
      if (this.emitPacks(step, group.parts)) sync();
      for (const part of group.parts) this.emitPart(step, part);
    });
    this.module.export(step);
    return { plan, calls: this.calls, functions: this.context.functions };
  }

  /** Packs operands that all blocks of rows share; true when there were any. */
  private emitPacks(step: FunctionBuilder, parts: readonly Part[]): boolean {
    let any = false;
    for (const part of parts) {
      if (part.kind !== 'rows') continue;
      for (const stage of part.stages) {
        const product = stage.kind === 'contraction' ? this.products.of.get(stage) : undefined;
        if (!product?.emitted.pack || product.packsInside) continue;
        any = true;
        const [from, to] = this.emitShare(step, product.emitted.packBlocks);
        emitPack({ f: step, arena: ARENA, table: TABLE, placements: this.placements }, product, from, to);
        step.release(from, to);
      }
    }
    return any;
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

  private emitPart(step: FunctionBuilder, part: Part): void {
    if (part.kind !== 'rows') {
      this.emitCall(step, part);
      return;
    }
    if (part.rows === 0 || part.stages.length === 0) return;
    const size = rowsPerBlock(part, this.products.of as ReadonlyMap<Stage, Product>);
    const units = Math.ceil(part.rows / size);
    const run = this.emitRowPart(part, size);
    const [from, to] = this.emitShare(step, units);
    step.localGet(from);
    step.localGet(to);
    step.localGet(ARENA);
    step.localGet(TABLE);
    step.call(run);
    step.release(from, to);
  }

  /** A function that runs blocks [from, to) of a part. */
  private emitRowPart(part: RowPart, size: number): FunctionBuilder {
    const f = this.module.func(labelOf(part), PART_PARAMS);
    const [arena, table] = [2, 3];
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
          context: this.context,
          placements: this.placements,
          arena,
          table,
          from: first,
          to: end,
          rows: part.rows,
          padded: () => true,
        };
        for (const stage of part.stages) {
          if (stage.kind === 'loops') emitLoops(frame, stage);
          else if (stage.kind === 'reduce') emitReduce(frame, stage);
          else emitProduct(frame, this.products.of.get(stage)!);
        }
        f.release(first, end);
      },
      { from: { local: 0 } },
    );
    return f;
  }

  private emitCall(step: FunctionBuilder, part: CallPart | ControlPart): void {
    const place = (variable: Var): Placement => this.placements.get(variable) as Placement;
    const id = this.calls.push({
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
      step.call(this.host);
    });
  }
}

/** The primitives that a part computes, for profiles and `explain`. */
export function labelOf(part: Part): string {
  if (part.kind !== 'rows') return part.eqn.primitive.name;
  const names: string[] = [];
  for (const stage of part.stages) {
    if (stage.kind === 'contraction') names.push('dotGeneral');
    else if (stage.kind === 'reduce') names.push(stage.operation);
    else names.push('loop');
  }
  return names.join('+');
}

