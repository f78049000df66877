import { readBy, valuesOf } from '../kernels/access.ts';
import { loadsOf } from '../kernels/expression.ts';
import type { RowPart, Stage } from '../kernels/form.ts';
import { contractsOwnRows, readOwnRows } from '../kernels/rows.ts';
import type { Var } from '../program/aval.ts';
import { affineKey } from '../shape/affine.ts';

/**
 * Which variables' memory the results of a part may take while it runs. Its rows run in blocks, in any order: rows of a
 * variable may be overwritten if only the block that overwrites them reads them, in earlier stages or, in the same loop,
 * at the very element that is written.
 */
export class Overwrites {
  private readonly part: RowPart;
  /** The last stage that reads each variable. */
  private readonly lastStage = new Map<Var, number>();
  /** Variables that some block reads beyond its own rows. */
  private readonly spread = new Set<Var>();

  constructor(part: RowPart) {
    this.part = part;
    part.stages.forEach((stage, at) => {
      for (const variable of readBy(stage)) this.lastStage.set(variable, at);
      if (part.rows > 1) this.noteSpread(stage);
    });
  }

  private noteSpread(stage: Stage): void {
    const { rows } = this.part;
    if (stage.kind === 'contraction') {
      for (const variable of readBy(stage))
        if (!contractsOwnRows(stage, rows, { has: (other) => other === variable })) this.spread.add(variable);
      for (const load of loadsOf(stage.epilogue ? valuesOf(stage.epilogue) : [])) this.spread.add(load.variable);
      return;
    }
    for (const load of loadsOf(valuesOf(stage)))
      if (!readOwnRows([load], stage.space, rows, { has: () => true })) this.spread.add(load.variable);
  }

  /** Variables that are read last by stage `at` and only by the block that has their rows: later stages may overwrite them. */
  freeAfter(): Var[][] {
    const free: Var[][] = this.part.stages.map(() => []);
    for (const [variable, at] of this.lastStage) if (!this.spread.has(variable)) free[at].push(variable);
    return free;
  }

  /**
   * By place, the variables that stage `at` is the last to read, each at that place alone: loops may overwrite them with
   * what they store there. Every block reads them in its own rows.
   */
  underStores(at: number): Map<string, Var[]> {
    const stage = this.part.stages[at];
    if (stage.kind !== 'loops') return new Map();
    const places = new Map<Var, string | null>();
    for (const load of loadsOf(valuesOf(stage))) {
      const key = load.terms.length === 0 ? affineKey(load.place) : null;
      const known = places.get(load.variable);
      places.set(load.variable, known === undefined || known === key ? key : null);
    }
    const under = new Map<string, Var[]>();
    for (const [variable, key] of places) {
      if (key === null || this.lastStage.get(variable) !== at || this.spread.has(variable)) continue;
      const same = under.get(key);
      if (same) same.push(variable);
      else under.set(key, [variable]);
    }
    return under;
  }
}
