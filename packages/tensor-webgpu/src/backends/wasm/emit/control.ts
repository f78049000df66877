import { bytesPerElement } from '../../../dtype/dtype.ts';
import type { ControlPart } from '../../../fuse/schedule.ts';
import { aligned } from '../../../plan/arena.ts';
import { type Aval, Literal, type Var } from '../../../program/program.ts';
import { sizeOf } from '../../../shape/shape.ts';
import type { FunctionBuilder } from '../assembler/index.ts';
import type { Placement } from './pointers.ts';
import { pushAddress } from './products.ts';

/** A sub-program as a function of the module, with its entries of the pointer table. */
export interface EmittedRegion {
  readonly step: FunctionBuilder;
  /** First entry of its inputs, then of its outputs. */
  readonly inputSlot: number;
  readonly outputSlot: number;
  readonly arenaBytes: number;
}

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
 * thread 0 writes the pointers, and a barrier stands before and after every run of a sub-program. The scratch memory
 * holds the arena of the sub-programs, then a second buffer for every carried value, literal operands, and a flag.
 */
export class ControlCode {
  private readonly part: ControlPart;
  private readonly regions: readonly EmittedRegion[];
  private readonly arenaBytes: number;
  private readonly seconds: number[] = [];
  private readonly literals = new Map<number, number>();
  private readonly flag: number;
  readonly scratchBytes: number;

  constructor(part: ControlPart, regions: readonly EmittedRegion[]) {
    this.part = part;
    this.regions = regions;
    this.arenaBytes = aligned(Math.max(0, ...regions.map((region) => region.arenaBytes)));
    let at = this.arenaBytes;
    const take = (bytes: number): number => {
      const offset = at;
      at += aligned(bytes);
      return offset;
    };
    for (const variable of this.carried()) this.seconds.push(take(bytesOf(variable)));
    part.eqn.inputs.forEach((atom, i) => {
      if (atom instanceof Literal) this.literals.set(i, take(8));
    });
    this.flag = take(4);
    this.scratchBytes = at;
  }

  /** The results that are carried from turn to turn. */
  private carried(): readonly Var[] {
    const { primitive, params, outputs } = this.part.eqn;
    if (primitive.name === 'scan') return outputs.slice(0, params.numCarry);
    return primitive.name === 'while' ? outputs : [];
  }

  emit(frame: ControlFrame, scratch: number): void {
    const { name } = this.part.eqn.primitive;
    this.storeLiterals(frame, scratch);
    if (name === 'scan') this.scan(frame, scratch);
    else if (name === 'while') this.while(frame, scratch);
    else this.cond(frame, scratch);
  }

  private onFirstThread(frame: ControlFrame, body: () => void): void {
    frame.f.localGet(frame.thread);
    frame.f.i32Eqz();
    frame.f.if(body);
  }

  /** Literal operands are written to memory, where sub-programs read them. */
  private storeLiterals({ f, arena }: ControlFrame, scratch: number): void {
    for (const [i, offset] of this.literals) {
      const { dtype, value } = this.part.eqn.inputs[i] as Literal;
      f.localGet(arena);
      if (dtype === 'f64') {
        f.f64Const(value);
        f.f64Store(scratch + offset);
      } else if (dtype === 'f32') {
        f.f32Const(value);
        f.f32Store(scratch + offset);
      } else {
        f.i32Const(dtype === 'bool' ? Number(value !== 0) : value | 0);
        f.i32Store(scratch + offset);
      }
    }
  }

  private pushOperand(frame: ControlFrame, scratch: number, i: number): void {
    const operand = this.part.operands[i];
    const placement: Placement = operand
      ? (frame.placements.get(operand) as Placement)
      : { base: 'arena', offset: scratch + (this.literals.get(i) as number) };
    pushAddress(frame, placement);
  }

  private pushResult(frame: ControlFrame, i: number): void {
    pushAddress(frame, frame.placements.get(this.part.eqn.outputs[i]) as Placement);
  }

  private setSlot({ f, table }: ControlFrame, slot: number, push: () => void): void {
    f.localGet(table);
    push();
    f.i32Store(4 * slot);
  }

  private run(frame: ControlFrame, region: EmittedRegion, scratch: number): void {
    const { f } = frame;
    frame.sync();
    f.localGet(frame.thread);
    f.localGet(frame.threads);
    f.localGet(frame.arena);
    f.i32Const(scratch);
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

  private scan(frame: ControlFrame, scratch: number): void {
    const { f } = frame;
    const { inputs, outputs, params } = this.part.eqn;
    const { length, reverse, numConsts, numCarry } = params as {
      length: number;
      reverse: boolean;
      numConsts: number;
      numCarry: number;
    };
    const [region] = this.regions;
    const carries = Array.from({ length: numCarry }, (_, i) => i);
    if (length === 0) {
      this.onFirstThread(frame, () => {
        for (const i of carries)
          this.copy(
            frame,
            bytesOf(outputs[i]),
            () => this.pushResult(frame, i),
            () => this.pushOperand(frame, scratch, numConsts + i),
          );
      });
      return;
    }
    const second = (i: number) => () => pushAddress(frame, { base: 'arena', offset: scratch + this.seconds[i] });
    this.onFirstThread(frame, () => {
      for (let i = 0; i < numConsts; i++)
        this.setSlot(frame, region.inputSlot + i, () => this.pushOperand(frame, scratch, i));
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
        for (const i of carries) {
          const result = (): void => this.pushResult(frame, i);
          this.setSlot(frame, region.inputSlot + numConsts + i, () => {
            this.pushOperand(frame, scratch, numConsts + i);
            pick(second(i), result);
            f.localGet(turn);
            f.i32Eqz();
            f.select();
          });
          this.setSlot(frame, region.outputSlot + i, () => pick(result, second(i)));
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
        for (let i = numConsts + numCarry; i < inputs.length; i++)
          this.setSlot(frame, region.inputSlot + i, () => slice(() => this.pushOperand(frame, scratch, i), inputs[i]));
        for (let i = numCarry; i < outputs.length; i++)
          this.setSlot(frame, region.outputSlot + i, () => slice(() => this.pushResult(frame, i), outputs[i]));
      });
      this.run(frame, region, scratch);
    });
  }

  private while(frame: ControlFrame, scratch: number): void {
    const { f } = frame;
    const { inputs, outputs, params } = this.part.eqn;
    const { numCondConsts, numBodyConsts } = params as { numCondConsts: number; numBodyConsts: number };
    const [condition, body] = this.regions;
    const first = numCondConsts + numBodyConsts;
    const current = f.locals('i32', inputs.length - first);
    const second = (i: number) => () => pushAddress(frame, { base: 'arena', offset: scratch + this.seconds[i] });
    current.forEach((local, i) => {
      this.pushOperand(frame, scratch, first + i);
      f.localSet(local);
    });
    this.onFirstThread(frame, () => {
      for (let i = 0; i < numCondConsts; i++)
        this.setSlot(frame, condition.inputSlot + i, () => this.pushOperand(frame, scratch, i));
      for (let i = 0; i < numBodyConsts; i++)
        this.setSlot(frame, body.inputSlot + i, () => this.pushOperand(frame, scratch, numCondConsts + i));
      this.setSlot(frame, condition.outputSlot, () =>
        pushAddress(frame, { base: 'arena', offset: scratch + this.flag }),
      );
    });
    const next = (i: number): void => {
      // The buffer that does not hold the current value.
      second(i)();
      this.pushResult(frame, i);
      f.localGet(current[i]);
      this.pushResult(frame, i);
      f.i32Eq();
      f.select();
    };
    f.block((done) => {
      f.repeat((again) => {
        this.onFirstThread(frame, () => {
          current.forEach((local, i) => {
            this.setSlot(frame, condition.inputSlot + numCondConsts + i, () => f.localGet(local));
            this.setSlot(frame, body.inputSlot + numBodyConsts + i, () => f.localGet(local));
            this.setSlot(frame, body.outputSlot + i, () => next(i));
          });
        });
        this.run(frame, condition, scratch);
        f.localGet(frame.arena);
        f.i32Load(scratch + this.flag);
        f.i32Eqz();
        f.brIf(done);
        this.run(frame, body, scratch);
        current.forEach((local, i) => {
          next(i);
          f.localSet(local);
        });
        f.br(again);
      });
    });
    this.onFirstThread(frame, () => {
      current.forEach((local, i) => {
        f.localGet(local);
        this.pushResult(frame, i);
        f.i32Ne();
        f.if(() =>
          this.copy(
            frame,
            bytesOf(outputs[i]),
            () => this.pushResult(frame, i),
            () => f.localGet(local),
          ),
        );
      });
    });
    f.release(...current);
  }

  private cond(frame: ControlFrame, scratch: number): void {
    const { f } = frame;
    const { inputs, outputs } = this.part.eqn;
    const index = f.local('i32');
    this.pushOperand(frame, scratch, 0);
    f.i32Load();
    f.localSet(index);
    const last = this.regions.length - 1;
    const branch = (i: number): void => {
      const region = this.regions[i];
      const take = (): void => {
        this.onFirstThread(frame, () => {
          for (let k = 1; k < inputs.length; k++)
            this.setSlot(frame, region.inputSlot + k - 1, () => this.pushOperand(frame, scratch, k));
          outputs.forEach((_, k) => {
            this.setSlot(frame, region.outputSlot + k, () => this.pushResult(frame, k));
          });
        });
        this.run(frame, region, scratch);
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
