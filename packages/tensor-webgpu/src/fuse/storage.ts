import { type Atom, type Eqn, type Program, Var } from '../program/program.ts';
import { sizeOf } from '../shape/shape.ts';
import { costOf } from './cost.ts';

/** Work that is done again in each consumer instead of being stored: this many operations and operands in memory. */
const CHEAP_COST = 3;
const CHEAP_LOADS = 2;
/** A loop body beyond these is cut, so that its values fit the registers. */
const MOST_LOADS = 24;
const MOST_NODES = 160;

/** Primitives that are computed inside the loop that uses them, by looking one operand up in memory. */
export const isLookup = (eqn: Eqn): boolean => eqn.primitive.name === 'gather' || eqn.primitive.name === 'dynamicSlice';

/** Primitives written piece by piece by loops: each operand to its place in the output. */
export function isPieces(eqn: Eqn): boolean {
  if (eqn.primitive.name === 'concat') return true;
  if (eqn.primitive.name !== 'pad') return false;
  const { low, high, interior } = eqn.params;
  return (
    [...low, ...high].every((extent: number) => extent >= 0) &&
    (!interior || interior.every((gap: number) => gap === 0))
  );
}

/** Primitives that copy their first operand and then change elements at places that depend on index values. */
export const isUpdate = (eqn: Eqn): boolean =>
  eqn.primitive.name === 'scatter' || eqn.primitive.name === 'dynamicUpdateSlice';

/** Views that do not move any element: the buffer of the input serves as it is. */
const sameOrder = (eqn: Eqn): boolean =>
  eqn.primitive.kind === 'view' && ['reshape', 'copy', 'barrier', 'stopGradient'].includes(eqn.primitive.name);

interface Inlined {
  readonly cost: number;
  readonly loads: number;
  readonly nodes: number;
}

/** Decides which variables lie in memory; the others are computed where they are used. */
export class Storage {
  readonly definitions = new Map<Var, Eqn>();
  readonly stored = new Set<Var>();
  private readonly program: Program;

  constructor(program: Program) {
    this.program = program;
    for (const variable of program.inputs) this.stored.add(variable);
    for (const eqn of program.eqns) for (const variable of eqn.outputs) this.definitions.set(variable, eqn);
    for (const variable of program.outputs) this.stored.add(variable as Var);
    this.storeAnchors();
    this.storeExpensiveFanOut();
  }

  /** The variable whose buffer holds `variable` row-major. It is stored from now on. */
  memoryOf(variable: Var): Var {
    let base = variable;
    while (!this.stored.has(base)) {
      const eqn = this.definitions.get(base) as Eqn;
      if (!sameOrder(eqn) || !(eqn.inputs[0] instanceof Var)) break;
      base = eqn.inputs[0];
    }
    this.stored.add(base);
    return base;
  }

  private storeAnchors(): void {
    for (const eqn of this.program.eqns) {
      const { kind } = eqn.primitive;
      if (kind === 'view') continue;
      if (kind === 'elementwise' || isLookup(eqn)) {
        if (eqn.outputs.length > 1) for (const variable of eqn.outputs) this.stored.add(variable);
        if (isLookup(eqn)) this.storeBase(eqn.inputs[0]);
        continue;
      }
      for (const variable of eqn.outputs) this.stored.add(variable);
      if (kind === 'contraction') eqn.inputs.forEach((atom) => this.storeBase(atom));
      else if (kind !== 'reduce' && !isPieces(eqn) && !isUpdate(eqn)) {
        for (const atom of eqn.inputs) if (atom instanceof Var) this.memoryOf(atom);
      }
    }
  }

  /** Stores what lies below the views of an operand that is read through strides. */
  private storeBase(atom: Atom): void {
    if (!(atom instanceof Var)) return;
    let base = atom;
    while (!this.stored.has(base)) {
      const eqn = this.definitions.get(base) as Eqn;
      if (eqn.primitive.kind !== 'view') break;
      if (!(eqn.inputs[0] instanceof Var)) break;
      base = eqn.inputs[0];
    }
    this.stored.add(base);
  }

  private storeExpensiveFanOut(): void {
    const uses = new Map<Var, number>();
    const enlarged = new Set<Var>();
    const use = (atom: Atom, size: number): void => {
      if (!(atom instanceof Var)) return;
      let base = atom;
      while (!this.stored.has(base)) {
        const eqn = this.definitions.get(base) as Eqn;
        if (eqn.primitive.kind !== 'view' || !(eqn.inputs[0] instanceof Var)) break;
        base = eqn.inputs[0];
      }
      uses.set(base, (uses.get(base) ?? 0) + 1);
      if (size > sizeOf(base.shape)) enlarged.add(base);
    };
    for (const eqn of this.program.eqns) {
      if (eqn.primitive.kind === 'view') {
        if (this.stored.has(eqn.outputs[0])) use(eqn.inputs[0], sizeOf(eqn.outputs[0].shape));
        continue;
      }
      for (const atom of eqn.inputs) use(atom, sizeOf(atom.shape));
    }
    const inlined = new Map<Var, Inlined>();
    const LOAD: Inlined = { cost: 0, loads: 1, nodes: 1 };
    const weigh = (atom: Atom): Inlined => {
      if (!(atom instanceof Var)) return { cost: 0, loads: 0, nodes: 0 };
      if (this.stored.has(atom)) return LOAD;
      return inlined.get(atom) ?? LOAD;
    };
    for (const eqn of this.program.eqns) {
      const [output] = eqn.outputs;
      if (eqn.primitive.kind === 'view') {
        inlined.set(output, weigh(eqn.inputs[0]));
        continue;
      }
      if (eqn.primitive.kind !== 'elementwise' && !isLookup(eqn)) continue;
      const total = { cost: costOf(eqn), loads: 0, nodes: 1 };
      for (const atom of new Set(eqn.inputs)) {
        const part = weigh(atom);
        total.cost += part.cost;
        total.loads += part.loads;
        total.nodes += part.nodes;
      }
      inlined.set(output, total);
      if (this.stored.has(output)) continue;
      const cheap = total.cost <= CHEAP_COST && total.loads <= CHEAP_LOADS;
      const repeated = (uses.get(output) ?? 0) > 1 && !cheap;
      const spread = enlarged.has(output) && total.cost > 1 && total.loads > 0;
      if (repeated || spread || total.loads > MOST_LOADS || total.nodes > MOST_NODES) this.stored.add(output);
    }
  }
}
