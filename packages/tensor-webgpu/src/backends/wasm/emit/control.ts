import { bytesPerElement } from '../../../dtype/dtype.ts';
import type { ControlPart } from '../../../kernels/form.ts';
import type { ControlPlan } from '../../../plan/memory.ts';
import type { Aval, Literal, Var } from '../../../program/aval.ts';
import type { Control } from '../../../program/program.ts';
import { sizeOf } from '../../../shape/shape.ts';
import type { FunctionBuilder } from '../assembler/index.ts';
import { type Placement, samePlacement } from './pointers.ts';
import { pushAddress } from './products.ts';

/** A sub-program as a function of the module, with its entries of the pointer table. */
export interface EmittedRegion {
  readonly step: FunctionBuilder;
  /** First entry of its inputs, then of its outputs. */
  readonly inputSlot: number;
  readonly outputSlot: number;
}

type Scan = Extract<Control, { kind: 'scan' }>;
type While = Extract<Control, { kind: 'while' }>;

/** What a control equation needs around it in the function that runs it. */
export interface ControlFrame {
  readonly f: FunctionBuilder;
  readonly thread: number;
  readonly threads: number;
  readonly arena: number;
  readonly table: number;
  readonly placements: ReadonlyMap<Var, Placement>;
  /** Waits for all threads. */
  readonly sync: () => void;
  readonly copy: FunctionBuilder;
}

const bytesOf = (aval: Aval): number => sizeOf(aval.shape) * bytesPerElement(aval.dtype);

/**
 * Emits the loops and branches of one control equation. Sub-programs find their operands through the pointer table;
 * thread 0 writes the pointers, and a barrier stands before and after every run of a sub-program. A carried value that
 * its body overwrites in place lies in the result from the start; any other alternates between the result and a second
 * buffer.
 */
export class ControlCode {
  private readonly part: ControlPart;
  private readonly plan: ControlPlan;
  private readonly regions: readonly EmittedRegion[];

  constructor(part: ControlPart, plan: ControlPlan, regions: readonly EmittedRegion[]) {
    this.part = part;
    this.plan = plan;
    this.regions = regions;
  }

  emit(frame: ControlFrame): void {
    const { control } = this.part;
    this.storeLiterals(frame);
    if (control.kind === 'scan') this.scan(frame, control);
    else if (control.kind === 'while') this.while(frame, control);
    else this.branches(frame);
  }

  /** The carried values that stay in one buffer, and those that alternate between two. */
  private get carries(): { readonly fixed: number[]; readonly moving: number[] } {
    const all = this.plan.seconds.map((_, i) => i);
    return {
      fixed: all.filter((i) => this.plan.seconds[i] === null),
      moving: all.filter((i) => this.plan.seconds[i] !== null),
    };
  }

  private pushSecond(frame: ControlFrame, i: number): void {
    pushAddress(frame, { base: 'arena', offset: this.plan.offset + (this.plan.seconds[i] as number) });
  }

  private pushFlag(frame: ControlFrame): void {
    pushAddress(frame, { base: 'arena', offset: this.plan.offset + this.plan.flag });
  }

  /** Copies operand `operand` to where result `i` lies, if that is elsewhere. */
  private begin(frame: ControlFrame, i: number, operand: number): void {
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

  private onFirstThread(frame: ControlFrame, body: () => void): void {
    frame.f.localGet(frame.thread);
    frame.f.i32Eqz();
    frame.f.if(body);
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

  private pushOperand(frame: ControlFrame, i: number): void {
    pushAddress(frame, this.operandPlace(frame, i));
  }

  private pushResult(frame: ControlFrame, i: number): void {
    pushAddress(frame, frame.placements.get(this.part.eqn.outputs[i]) as Placement);
  }

  private setSlot({ f, table }: ControlFrame, slot: number, push: () => void): void {
    f.localGet(table);
    push();
    f.i32Store(4 * slot);
  }

  private run(frame: ControlFrame, region: EmittedRegion): void {
    const { f } = frame;
    frame.sync();
    f.localGet(frame.thread);
    f.localGet(frame.threads);
    f.localGet(frame.arena);
    f.i32Const(this.plan.offset);
    f.i32Add();
    f.localGet(frame.table);
    f.call(region.step);
    frame.sync();
  }

  private copy(frame: ControlFrame, bytes: number, target: () => void, source: () => void): void {
    target();
    source();
    frame.f.i32Const(bytes);
    frame.f.call(frame.copy);
  }

  private scan(frame: ControlFrame, { length, reverse, constants, carries }: Scan): void {
    const { f } = frame;
    const { inputs, outputs } = this.part.eqn;
    const [region] = this.regions;
    if (length === 0) {
      this.onFirstThread(frame, () => {
        for (let i = 0; i < carries; i++) this.begin(frame, i, constants + i);
      });
      return;
    }
    const { fixed, moving } = this.carries;
    this.onFirstThread(frame, () => {
      for (let i = 0; i < constants; i++) this.setSlot(frame, region.inputSlot + i, () => this.pushOperand(frame, i));
      for (const i of fixed) {
        this.begin(frame, i, constants + i);
        this.setSlot(frame, region.inputSlot + constants + i, () => this.pushResult(frame, i));
        this.setSlot(frame, region.outputSlot + i, () => this.pushResult(frame, i));
      }
    });
    f.loop(length, (turn) => {
      this.onFirstThread(frame, () => {
        // Targets alternate so that the last turn writes the result.
        const pick = (even: () => void, odd: () => void): void => {
          even();
          odd();
          f.i32Const(length - 1);
          f.localGet(turn);
          f.i32Sub();
          f.i32Const(1);
          f.i32And();
          f.i32Eqz();
          f.select();
        };
        for (const i of moving) {
          const result = (): void => this.pushResult(frame, i);
          const second = (): void => this.pushSecond(frame, i);
          this.setSlot(frame, region.inputSlot + constants + i, () => {
            this.pushOperand(frame, constants + i);
            pick(second, result);
            f.localGet(turn);
            f.i32Eqz();
            f.select();
          });
          this.setSlot(frame, region.outputSlot + i, () => pick(result, second));
        }
        const position = (): void => {
          if (reverse) f.i32Const(length - 1);
          f.localGet(turn);
          if (reverse) f.i32Sub();
        };
        const slice = (whole: () => void, aval: Aval): void => {
          whole();
          position();
          f.i32Const(bytesOf(aval) / length);
          f.i32Mul();
          f.i32Add();
        };
        for (let i = constants + carries; i < inputs.length; i++)
          this.setSlot(frame, region.inputSlot + i, () => slice(() => this.pushOperand(frame, i), inputs[i]));
        for (let i = carries; i < outputs.length; i++)
          this.setSlot(frame, region.outputSlot + i, () => slice(() => this.pushResult(frame, i), outputs[i]));
      });
      this.run(frame, region);
    });
  }

  private while(frame: ControlFrame, { conditionConstants, bodyConstants }: While): void {
    const { f } = frame;
    const [condition, body] = this.regions;
    const first = conditionConstants + bodyConstants;
    const { fixed, moving } = this.carries;
    /** Where the current value of each moving carry lies. */
    const current = new Map(moving.map((i) => [i, f.local('i32')]));
    for (const [i, local] of current) {
      this.pushOperand(frame, first + i);
      f.localSet(local);
    }
    this.onFirstThread(frame, () => {
      for (let i = 0; i < conditionConstants; i++)
        this.setSlot(frame, condition.inputSlot + i, () => this.pushOperand(frame, i));
      for (let i = 0; i < bodyConstants; i++)
        this.setSlot(frame, body.inputSlot + i, () => this.pushOperand(frame, conditionConstants + i));
      this.setSlot(frame, condition.outputSlot, () => this.pushFlag(frame));
      for (const i of fixed) {
        this.begin(frame, i, first + i);
        for (const slot of [
          condition.inputSlot + conditionConstants + i,
          body.inputSlot + bodyConstants + i,
          body.outputSlot + i,
        ])
          this.setSlot(frame, slot, () => this.pushResult(frame, i));
      }
    });
    const next = (i: number, local: number): void => {
      // The buffer that does not hold the current value.
      this.pushSecond(frame, i);
      this.pushResult(frame, i);
      f.localGet(local);
      this.pushResult(frame, i);
      f.i32Eq();
      f.select();
    };
    f.block((done) => {
      f.repeat((again) => {
        this.onFirstThread(frame, () => {
          for (const [i, local] of current) {
            this.setSlot(frame, condition.inputSlot + conditionConstants + i, () => f.localGet(local));
            this.setSlot(frame, body.inputSlot + bodyConstants + i, () => f.localGet(local));
            this.setSlot(frame, body.outputSlot + i, () => next(i, local));
          }
        });
        this.run(frame, condition);
        this.pushFlag(frame);
        f.i32Load();
        f.i32Eqz();
        f.brIf(done);
        this.run(frame, body);
        for (const [i, local] of current) {
          next(i, local);
          f.localSet(local);
        }
        f.br(again);
      });
    });
    this.onFirstThread(frame, () => {
      for (const [i, local] of current) {
        f.localGet(local);
        this.pushResult(frame, i);
        f.i32Ne();
        f.if(() =>
          this.copy(
            frame,
            bytesOf(this.part.eqn.outputs[i]),
            () => this.pushResult(frame, i),
            () => f.localGet(local),
          ),
        );
      }
    });
    f.release(...current.values());
  }

  private branches(frame: ControlFrame): void {
    const { f } = frame;
    const { inputs, outputs } = this.part.eqn;
    const index = f.local('i32');
    this.pushOperand(frame, 0);
    f.i32Load();
    f.localSet(index);
    const last = this.regions.length - 1;
    const branch = (i: number): void => {
      const region = this.regions[i];
      const take = (): void => {
        this.onFirstThread(frame, () => {
          for (let k = 1; k < inputs.length; k++)
            this.setSlot(frame, region.inputSlot + k - 1, () => this.pushOperand(frame, k));
          outputs.forEach((_, k) => {
            this.setSlot(frame, region.outputSlot + k, () => this.pushResult(frame, k));
          });
        });
        this.run(frame, region);
      };
      if (i === last) {
        take();
        return;
      }
      // An index below the first or beyond the last takes the nearest branch.
      f.localGet(index);
      f.i32Const(i);
      f.i32LeS();
      f.if(take, () => branch(i + 1));
    };
    branch(0);
    f.release(index);
  }
}
