import { ControlCode, type ControlFrame, CpuControl } from './code.ts';

class BranchesCode extends ControlCode {
  get work(): number {
    return Math.max(...this.regions.map(({ work }) => work));
  }

  protected run(frame: ControlFrame): void {
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
        for (let k = 1; k < inputs.length; k++)
          this.setSlot(frame, region.inputSlot + k - 1, () => this.pushOperand(frame, k));
        outputs.forEach((_, k) => {
          this.setSlot(frame, region.outputSlot + k, () => this.pushResult(frame, k));
        });
        this.call(frame, region);
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

export const branchesControl = new CpuControl((...of) => new BranchesCode(...of));
