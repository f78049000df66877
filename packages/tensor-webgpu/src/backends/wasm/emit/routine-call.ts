import type { CallPart } from '../../../kernels/form.ts';
import { aligned } from '../../../plan/arena.ts';
import type { Var } from '../../../program/aval.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { shared } from '../math/shared.ts';
import type { Routine } from '../routines/routine.ts';
import { routineFor, routineKey } from '../routines/routines.ts';
import { cpuTarget } from '../target.ts';
import type { Placement } from './pointers.ts';
import { pushAddress } from './products.ts';
import { PART_PARAMS } from './tasks.ts';

/** The parts of a module that routines compute, each with its memory beside its operands and results. */
export class RoutineCalls {
  private readonly module: ModuleBuilder;
  private readonly threads: number;
  private readonly known = new Map<CallPart, Routine | null>();

  constructor(module: ModuleBuilder, threads: number) {
    this.module = module;
    this.threads = threads;
  }

  /** How a part is computed; `null` where the host does it. */
  of(part: CallPart): Routine | null {
    let routine = this.known.get(part);
    if (routine === undefined) {
      routine = routineFor(part.eqn);
      this.known.set(part, routine);
    }
    return routine;
  }

  /** Scratch bytes of one thread. */
  private bytesOf(routine: Routine): number {
    return aligned(routine.scratchBytes, cpuTarget.alignment);
  }

  /** Scratch bytes of all threads. */
  scratch(part: CallPart): number {
    const routine = this.of(part);
    return routine ? this.bytesOf(routine) * this.threads : 0;
  }

  /** A function of `PART_PARAMS` for units of a part whose scratch memory begins at `scratch` in the arena. */
  emit(part: CallPart, routine: Routine, placements: ReadonlyMap<Var, Placement>, scratch: number): FunctionBuilder {
    const callee = shared(this.module, routineKey(part.eqn), () => routine.emit(this.module));
    const f = this.module.func(`${part.eqn.primitive.name}-units`, PART_PARAMS);
    const [from, to, arena, table, thread] = [0, 1, 2, 3, 4];
    const frame = { f, arena, table, placements };
    f.localGet(from);
    f.localGet(to);
    pushAddress(frame, { base: 'arena', offset: scratch });
    f.localGet(thread);
    f.i32Const(this.bytesOf(routine));
    f.i32Mul();
    f.i32Add();
    for (const variable of [...part.operands, ...part.eqn.outputs])
      pushAddress(frame, placements.get(variable as Var) as Placement);
    f.call(callee);
    return f;
  }
}
