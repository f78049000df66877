import { costOf } from '../kernels/cost.ts';
import type { Target } from '../kernels/target.ts';
import { type Atom, Var } from '../program/aval.ts';
import { loweringAs, loweringOf } from '../program/lowering.ts';
import type { Eqn, Program } from '../program/program.ts';
import { sizeOf } from '../shape/shape.ts';

/** Whether the boxes that fill the output are known. */
export const hasPieces = (eqn: Eqn): boolean =>
  loweringAs(eqn.primitive, 'pieces')?.pieces(eqn.inputs, eqn.params, eqn.outputs[0]) != null;

/** Whether an equation can be computed inside the loops that use it. */
export function isInlined(eqn: Eqn): boolean {
  const { as } = loweringOf(eqn.primitive);
  return as === 'map' || as === 'position' || as === 'view' || as === 'lookup';
}

/** What computing a value where it is used would take. */
interface Inlined {
  readonly cost: number;
  readonly loads: number;
  readonly nodes: number;
}

const NOTHING: Inlined = { cost: 0, loads: 0, nodes: 0 };
const LOAD: Inlined = { cost: 0, loads: 1, nodes: 1 };

/** The one equation that reads each variable, or `null`. */
function readersOf({ eqns, outputs }: Program): Map<Var, Eqn | null> {
  const readers = new Map<Var, Eqn | null>();
  for (const eqn of eqns) {
    for (const atom of new Set(eqn.inputs)) if (atom instanceof Var) readers.set(atom, readers.has(atom) ? null : eqn);
  }
  for (const atom of outputs) if (atom instanceof Var) readers.set(atom, null);
  return readers;
}

/** Decides which variables lie in memory; the others are computed where they are used. */
export class Storage {
  readonly definitions = new Map<Var, Eqn>();
  readonly stored = new Set<Var>();
  readonly program: Program;
  readonly target: Target;
  private readers: Map<Var, Eqn | null> | null = null;

  constructor(program: Program, target: Target) {
    this.program = program;
    this.target = target;
    for (const variable of program.inputs) this.stored.add(variable);
    for (const eqn of program.eqns) for (const variable of eqn.outputs) this.definitions.set(variable, eqn);
    for (const variable of program.outputs) this.stored.add(variable as Var);
    this.storeAnchors();
    this.storeExpensiveFanOut();
  }

  /** The variable whose buffer holds `variable` row-major. It is stored from now on. */
  memoryOf(variable: Var): Var {
    const base = this.baseOf(variable, (eqn) => loweringAs(eqn.primitive, 'view')?.sameOrder === true);
    this.stored.add(base);
    return base;
  }

  /** What lies below the views of a variable: the first variable that is stored or that no view makes. */
  baseOf(variable: Var, through: (eqn: Eqn) => boolean = (eqn) => loweringOf(eqn.primitive).as === 'view'): Var {
    let base = variable;
    while (!this.stored.has(base)) {
      const eqn = this.definitions.get(base) as Eqn;
      if (!through(eqn) || !(eqn.inputs[0] instanceof Var)) break;
      base = eqn.inputs[0];
    }
    return base;
  }

  /** The only equation that reads a variable; `null` when there are several, or it is a result of the program. */
  onlyReader(variable: Var): Eqn | null {
    this.readers ??= readersOf(this.program);
    return this.readers.get(variable) ?? null;
  }

  private storeBase(atom: Atom): void {
    if (atom instanceof Var) this.stored.add(this.baseOf(atom));
  }

  private storeAnchors(): void {
    for (const eqn of this.program.eqns) {
      const { as } = loweringOf(eqn.primitive);
      if (as === 'view') continue;
      if (as === 'lookup') this.storeBase(eqn.inputs[0]);
      if (as === 'lookup' || as === 'map' || as === 'position') {
        if (eqn.outputs.length > 1) for (const variable of eqn.outputs) this.stored.add(variable);
        continue;
      }
      for (const variable of eqn.outputs) this.stored.add(variable);
      if (as === 'contraction') {
        if (!this.target.prologues) for (const atom of eqn.inputs) this.storeBase(atom);
      } else if (as === 'call' || as === 'control' || (as === 'pieces' && !hasPieces(eqn))) {
        for (const atom of eqn.inputs) if (atom instanceof Var) this.memoryOf(atom);
      }
    }
  }

  private storeExpensiveFanOut(): void {
    const { cheap, largest } = this.target;
    const { uses, enlarged } = this.countUses();
    const inlined = new Map<Var, Inlined>();
    const weigh = (atom: Atom): Inlined => {
      if (!(atom instanceof Var)) return NOTHING;
      return (this.stored.has(atom) ? undefined : inlined.get(atom)) ?? LOAD;
    };
    for (const eqn of this.program.eqns) {
      const [output] = eqn.outputs;
      const { as } = loweringOf(eqn.primitive);
      if (as === 'view') {
        inlined.set(output, weigh(eqn.inputs[0]));
        continue;
      }
      if (as === 'contraction' && this.target.prologues) {
        for (const atom of eqn.inputs) {
          const { cost, loads } = weigh(atom);
          if (cost > cheap.cost || loads > cheap.loads) this.storeBase(atom);
        }
      }
      if (!isInlined(eqn)) continue;
      let { cost, loads, nodes } = { cost: costOf(eqn.primitive, this.target), loads: 0, nodes: 1 };
      for (const atom of new Set(eqn.inputs)) {
        const part = weigh(atom);
        cost += part.cost;
        loads += part.loads;
        nodes += part.nodes;
      }
      inlined.set(output, { cost, loads, nodes });
      if (this.stored.has(output)) continue;
      const repeated = (uses.get(output) ?? 0) > 1 && !(cost <= cheap.cost && loads <= cheap.loads);
      const spread = enlarged.has(output) && cost > 1 && loads > 0;
      if (repeated || spread || loads > largest.loads || nodes > largest.nodes) this.stored.add(output);
    }
  }

  /** How often each value below views is used, and which are used by more elements than they have. */
  private countUses(): { uses: Map<Var, number>; enlarged: Set<Var> } {
    const uses = new Map<Var, number>();
    const enlarged = new Set<Var>();
    const use = (atom: Atom, size: number): void => {
      if (!(atom instanceof Var)) return;
      const base = this.baseOf(atom);
      uses.set(base, (uses.get(base) ?? 0) + 1);
      if (size > sizeOf(base.shape)) enlarged.add(base);
    };
    for (const eqn of this.program.eqns) {
      if (loweringOf(eqn.primitive).as === 'view') {
        if (this.stored.has(eqn.outputs[0])) use(eqn.inputs[0], sizeOf(eqn.outputs[0].shape));
        continue;
      }
      for (const atom of eqn.inputs) use(atom, sizeOf(atom.shape));
    }
    return { uses, enlarged };
  }
}
