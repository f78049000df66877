import { bytesPerElement } from '../../../../dtype/dtype.ts';
import type { ControlPart } from '../../../../kernels/form.ts';
import type { ControlPlan } from '../../../../plan/memory.ts';
import type { Aval, Literal, Var } from '../../../../program/aval.ts';
import { loweringAs } from '../../../../program/lowering.ts';
import type { DeviceCode } from '../../../../program/program.ts';
import { sizeOf } from '../../../../shape/shape.ts';
import { AssemblerError, type FunctionBuilder } from '../../assembler/index.ts';
import { type Placement, samePlacement } from '../pointers.ts';
import { pushAddress } from '../products.ts';

/** A sub-program as a function of the module, with its entries of the pointer table. */
export interface EmittedRegion {
  readonly step: FunctionBuilder;
  /** First entry of its inputs, then of its outputs. */
  readonly inputSlot: number;
  readonly outputSlot: number;
  /** Nanoseconds of one run that threads may share. */
  readonly work: number;
}

/** What a control equation needs around it in the function that runs it. */
export interface ControlFrame {
  readonly f: FunctionBuilder;
  readonly threads: number;
  readonly arena: number;
  readonly table: number;
  readonly placements: ReadonlyMap<Var, Placement>;
  readonly copy: FunctionBuilder;
}

export const bytesOf = (aval: Aval): number => sizeOf(aval.shape) * bytesPerElement(aval.dtype);

/**
 * Emits the loops and branches of one control equation, which one thread runs; others help inside the sub-programs. These
 * find their operands through the pointer table. A carried value that its body overwrites in place lies in the result from
 * the start; any other alternates between the result and a second buffer.
 */
export abstract class ControlCode {
  protected readonly part: ControlPart;
  private readonly plan: ControlPlan;
  protected readonly regions: readonly EmittedRegion[];

  constructor(part: ControlPart, plan: ControlPlan, regions: readonly EmittedRegion[]) {
    this.part = part;
    this.plan = plan;
    this.regions = regions;
  }

  /** Nanoseconds of one run that threads may share; of a loop that ends by its condition, those of one turn. */
  abstract get work(): number;

  protected abstract run(frame: ControlFrame): void;

  emit(frame: ControlFrame): void {
    this.storeLiterals(frame);
    this.run(frame);
  }

  /** The carried values that stay in one buffer, and those that alternate between two. */
  protected get carries(): { readonly fixed: number[]; readonly moving: number[] } {
    const all = this.plan.seconds.map((_, i) => i);
    return {
      fixed: all.filter((i) => this.plan.seconds[i] === null),
      moving: all.filter((i) => this.plan.seconds[i] !== null),
    };
  }

  protected pushSecond(frame: ControlFrame, i: number): void {
    pushAddress(frame, { base: 'arena', offset: this.plan.offset + (this.plan.seconds[i] as number) });
  }

  protected pushFlag(frame: ControlFrame): void {
    pushAddress(frame, { base: 'arena', offset: this.plan.offset + this.plan.flag });
  }

  /** Copies operand `operand` to where result `i` lies, if that is elsewhere. */
  protected begin(frame: ControlFrame, i: number, operand: number): void {
    const from = this.operandPlace(frame, operand);
    const to = frame.placements.get(this.part.eqn.outputs[i]) as Placement;
    if (samePlacement(from, to)) return;
    this.copy(
      frame,
      bytesOf(this.part.eqn.outputs[i]),
      () => pushAddress(frame, to),
      () => pushAddress(frame, from),
    );
  }

  /** Literal operands are written to memory, where sub-programs read them. */
  private storeLiterals({ f, arena }: ControlFrame): void {
    for (const [i, place] of this.plan.literals) {
      const { dtype, value } = this.part.eqn.inputs[i] as Literal;
      const offset = this.plan.offset + place;
      f.localGet(arena);
      if (dtype === 'f64') {
        f.f64Const(value);
        f.f64Store(offset);
      } else if (dtype === 'f32') {
        f.f32Const(value);
        f.f32Store(offset);
      } else {
        f.i32Const(dtype === 'bool' ? Number(value !== 0) : value | 0);
        f.i32Store(offset);
      }
    }
  }

  private operandPlace(frame: ControlFrame, i: number): Placement {
    const operand = this.part.operands[i];
    return operand
      ? (frame.placements.get(operand) as Placement)
      : { base: 'arena', offset: this.plan.offset + (this.plan.literals.get(i) as number) };
  }

  protected pushOperand(frame: ControlFrame, i: number): void {
    pushAddress(frame, this.operandPlace(frame, i));
  }

  protected pushResult(frame: ControlFrame, i: number): void {
    pushAddress(frame, frame.placements.get(this.part.eqn.outputs[i]) as Placement);
  }

  protected setSlot({ f, table }: ControlFrame, slot: number, push: () => void): void {
    f.localGet(table);
    push();
    f.i32Store(4 * slot);
  }

  protected call(frame: ControlFrame, region: EmittedRegion): void {
    const { f } = frame;
    f.localGet(frame.threads);
    f.localGet(frame.arena);
    f.i32Const(this.plan.offset);
    f.i32Add();
    f.localGet(frame.table);
    f.call(region.step);
  }

  protected copy(frame: ControlFrame, bytes: number, target: () => void, source: () => void): void {
    target();
    source();
    frame.f.i32Const(bytes);
    frame.f.call(frame.copy);
  }
}

/** How the CPU device runs the sub-programs of a control primitive, which carries it in its lowering. */
export class CpuControl implements DeviceCode {
  readonly device = 'cpu';
  readonly of: (part: ControlPart, plan: ControlPlan, regions: readonly EmittedRegion[]) => ControlCode;

  constructor(of: CpuControl['of']) {
    this.of = of;
  }
}

export function controlFor(part: ControlPart, plan: ControlPlan, regions: readonly EmittedRegion[]): ControlCode {
  const { primitive } = part.eqn;
  const code = loweringAs(primitive, 'control')?.code.find((code) => code instanceof CpuControl);
  if (!code) throw new AssemblerError(`${primitive.name}: expected code for the CPU device in its lowering, got none.`);
  return code.of(part, plan, regions);
}
