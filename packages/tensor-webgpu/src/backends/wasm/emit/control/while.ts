import type { Control } from '../../../../program/program.ts';
import { bytesOf, ControlCode, type ControlFrame, CpuControl } from './code.ts';

type While = Extract<Control, { kind: 'while' }>;

class WhileCode extends ControlCode {
  get work(): number {
    return this.regions[0].work + this.regions[1].work;
  }

  protected run(frame: ControlFrame): void {
    const { conditionConstants, bodyConstants } = this.part.control as While;
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
        for (const [i, local] of current) {
          this.setSlot(frame, condition.inputSlot + conditionConstants + i, () => f.localGet(local));
          this.setSlot(frame, body.inputSlot + bodyConstants + i, () => f.localGet(local));
          this.setSlot(frame, body.outputSlot + i, () => next(i, local));
        }
        this.call(frame, condition);
        this.pushFlag(frame);
        f.i32Load();
        f.i32Eqz();
        f.brIf(done);
        this.call(frame, body);
        for (const [i, local] of current) {
          next(i, local);
          f.localSet(local);
        }
        f.br(again);
      });
    });
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
    f.release(...current.values());
  }
}

export const whileControl = new CpuControl((...of) => new WhileCode(...of));
