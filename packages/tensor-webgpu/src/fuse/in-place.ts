import { Var } from '../program/aval.ts';
import type { Eqn, Program } from '../program/program.ts';
import { sizeOf } from '../shape/shape.ts';
import { isInlined, type Storage } from './storage.ts';

/** Values that are looked through at most before an update is left as a copy. */
const MOST_VALUES = 64;

/**
 * Whether updates may overwrite their operand. What was read of it and is computed where it is used would still read it
 * afterwards; small values of this kind can be stored before the update, and then nothing does.
 */
export class InPlace {
  private readonly storage: Storage;
  private readonly numbers = new Map<Eqn, number>();
  private readonly consumers = new Map<Var, Eqn[]>();
  private readonly outputs: ReadonlySet<unknown>;

  constructor(program: Program, storage: Storage) {
    this.storage = storage;
    this.outputs = new Set(program.outputs);
    program.eqns.forEach((eqn, at) => {
      this.numbers.set(eqn, at);
      for (const atom of new Set(eqn.inputs)) {
        if (!(atom instanceof Var)) continue;
        const known = this.consumers.get(atom);
        if (known) known.push(eqn);
        else this.consumers.set(atom, [eqn]);
      }
    });
  }

  /**
   * The operand of an update in memory and the values to store before, such that nothing reads the operand afterwards;
   * `null` when there are none such.
   */
  before(update: Eqn): { readonly operand: Var; readonly stored: readonly Var[] } | null {
    const [first] = update.inputs;
    if (!(first instanceof Var)) return null;
    const operand = this.storage.baseOf(first);
    if (!this.storage.stored.has(operand) || this.outputs.has(operand)) return null;
    const size = sizeOf(operand.shape);
    const stored: Var[] = [];
    /** The operand, and values as large that are computed from it where they are used. */
    const seen = [operand];
    for (let next = 0; next < seen.length; next++) {
      if (seen.length + stored.length > MOST_VALUES) return null;
      const value = seen[next];
      for (const eqn of this.consumers.get(value) ?? []) {
        const when = this.when(eqn, update);
        if (when === 0) {
          // As the operand it is overwritten; as anything else it would be read while that happens.
          if (update.inputs.lastIndexOf(value) > 0) return null;
          continue;
        }
        const small = eqn.outputs.every((made) => 2 * sizeOf(made.shape) <= size);
        if (when > 0) {
          if (!small || !this.canPrecede(eqn, update)) return null;
          stored.push(...eqn.outputs);
          continue;
        }
        for (const made of this.inlined(eqn)) {
          if (made === first || !this.isUsedFrom(made, update)) continue;
          if (small) stored.push(made);
          else seen.push(made);
        }
      }
    }
    return { operand, stored };
  }

  /** Whether an equation comes before (-1), is (0) or comes after (1) another. */
  private when(eqn: Eqn, other: Eqn): number {
    return Math.sign((this.numbers.get(eqn) as number) - (this.numbers.get(other) as number));
  }

  /** Whether an equation can be computed in loops before `update`. */
  private canPrecede(eqn: Eqn, update: Eqn): boolean {
    return (
      isInlined(eqn) &&
      eqn.inputs.every((atom) => {
        const made = atom instanceof Var ? this.storage.definitions.get(atom) : undefined;
        return !made || this.when(made, update) < 0;
      })
    );
  }

  /** Results of an equation that are computed where they are used. */
  private inlined(eqn: Eqn): readonly Var[] {
    return isInlined(eqn) ? eqn.outputs.filter((variable) => !this.storage.stored.has(variable)) : [];
  }

  /** Whether a value is computed again for `update` or for something after it. */
  private isUsedFrom(value: Var, update: Eqn): boolean {
    const seen = new Set([value]);
    for (const variable of seen) {
      if (seen.size > MOST_VALUES) return true;
      for (const eqn of this.consumers.get(variable) ?? []) {
        if (this.when(eqn, update) >= 0) return true;
        for (const made of this.inlined(eqn)) seen.add(made);
      }
    }
    return false;
  }
}
