import type { ControlPart } from '../../../../kernels/form.ts';
import type { ControlPlan } from '../../../../plan/memory.ts';
import type { Aval } from '../../../../program/aval.ts';
import type { Control } from '../../../../program/program.ts';
import { bytesOf, ControlCode, type ControlFrame, CpuControl, type EmittedRegion } from './code.ts';

type Scan = Extract<Control, { kind: 'scan' }>;

class ScanCode extends ControlCode {
  private readonly control: Scan;

  constructor(part: ControlPart, plan: ControlPlan, regions: readonly EmittedRegion[]) {
    super(part, plan, regions);
    this.control = part.control as Scan;
  }

  get work(): number {
    return this.control.length * this.regions[0].work;
  }

  protected run(frame: ControlFrame): void {
    const { length, reverse, constants, carries } = this.control;
    const { f } = frame;
    const { inputs, outputs } = this.part.eqn;
    const [region] = this.regions;
    if (length === 0) {
      for (let i = 0; i < carries; i++) this.begin(frame, i, constants + i);
      return;
    }
    const { fixed, moving } = this.carries;
    for (let i = 0; i < constants; i++) this.setSlot(frame, region.inputSlot + i, () => this.pushOperand(frame, i));
    for (const i of fixed) {
      this.begin(frame, i, constants + i);
      this.setSlot(frame, region.inputSlot + constants + i, () => this.pushResult(frame, i));
      this.setSlot(frame, region.outputSlot + i, () => this.pushResult(frame, i));
    }
    f.loop(length, (turn) => {
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
      this.call(frame, region);
    });
  }
}

export const scanControl = new CpuControl((...of) => new ScanCode(...of));
