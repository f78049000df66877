import { type Atom, Literal, type Params, Var } from '../program/aval.ts';
import { operationKey } from '../program/key.ts';
import { type Eqn, keeps, type Primitive, type Program } from '../program/program.ts';
import { removeDeadCode } from './deadCode.ts';
import { inlineCalls, mapSubprograms } from './inline.ts';
import { type Rewriter, rewritesOf } from './rewrite.ts';

/** Rewriting passes at most; each one only goes on if the last changed something. */
const MAX_PASSES = 6;

/** Programs that were simplified before, with what became of them: bodies of loops are met at every pass around them. */
const simplified = new WeakMap<Program, Program>();

/**
 * The same function as a smaller program: rewrite rules, common subexpressions merged, dead code removed, in
 * sub-programs too. Derivative rules (custom calls, gradient stops, checkpoints) are kept.
 */
export function simplify(program: Program): Program {
  const known = simplified.get(program);
  if (known) return known;
  let current = removeDeadCode(program);
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const { result, changed } = new Pass(current).run();
    current = removeDeadCode(result);
    if (!changed) break;
  }
  simplified.set(program, current);
  simplified.set(current, current);
  return current;
}

/** The form that is compiled: calls inlined, then simplified. */
export const lower = (program: Program): Program => simplify(inlineCalls(program));

class Pass implements Rewriter {
  private readonly program: Program;
  private readonly eqns: Eqn[] = [];
  private readonly replaced = new Map<Var, Atom>();
  private readonly defined = new Map<Var, Eqn>();
  private readonly seen = new Map<string, readonly Var[]>();
  private readonly useCounts = new Map<Var, number>();
  private changed = false;

  constructor(program: Program) {
    this.program = program;
    const count = (atom: Atom): void => {
      if (atom instanceof Var) this.useCounts.set(atom, (this.useCounts.get(atom) ?? 0) + 1);
    };
    for (const eqn of program.eqns) eqn.inputs.forEach(count);
    program.outputs.forEach(count);
  }

  run(): { result: Program; changed: boolean } {
    for (const eqn of this.program.eqns) {
      const inputs = eqn.inputs.map((atom) => this.resolve(atom));
      const params = mapSubprograms(eqn.params, simplify);
      const results = this.apply(eqn.primitive, inputs, params, eqn.outputs);
      eqn.outputs.forEach((variable, i) => {
        if (results[i] !== variable) {
          this.replaced.set(variable, results[i]);
          const uses = this.useCounts.get(variable) ?? 0;
          const result = results[i];
          if (result instanceof Var) this.useCounts.set(result, Math.max(uses, this.useCounts.get(result) ?? 0));
        }
      });
    }
    const outputs = this.program.outputs.map((atom) => this.resolve(atom));
    return { result: { inputs: this.program.inputs, eqns: this.eqns, outputs }, changed: this.changed };
  }

  definition(atom: Atom): Eqn | undefined {
    return atom instanceof Var ? this.defined.get(atom) : undefined;
  }

  uses(atom: Atom): number {
    return atom instanceof Var ? (this.useCounts.get(atom) ?? 1) : 0;
  }

  emit(primitive: Primitive, inputs: readonly Atom[], params: Params): Atom {
    const outputs = primitive.shape(inputs, params).map((aval) => new Var(aval));
    return this.apply(primitive, inputs, params, outputs)[0];
  }

  private resolve(atom: Atom): Atom {
    return atom instanceof Var ? (this.replaced.get(atom) ?? atom) : atom;
  }

  /** Rewritten, merged with an equal equation, or added as it is. */
  private apply(
    primitive: Primitive,
    inputs: readonly Atom[],
    params: Params,
    outputs: readonly Var[],
  ): readonly Atom[] {
    for (const rule of rewritesOf(primitive)) {
      const results = rule(this, inputs, params, outputs, primitive);
      if (results) {
        this.changed = true;
        return results;
      }
    }
    const key = primitive.mergeable === false ? null : equationKey(primitive, inputs, params);
    const twin = key === null ? undefined : this.seen.get(key);
    if (twin) {
      this.changed = true;
      return twin;
    }
    const eqn = { primitive, inputs, params, outputs };
    this.eqns.push(eqn);
    for (const variable of outputs) this.defined.set(variable, eqn);
    if (key !== null) this.seen.set(key, outputs);
    return outputs;
  }
}

function equationKey(primitive: Primitive, inputs: readonly Atom[], params: Params): string {
  const names = inputs.map((atom) =>
    atom instanceof Literal ? `${atom.dtype}:${Object.is(atom.value, -0) ? '-0' : atom.value}` : `%${atom.id}`,
  );
  if (keeps(primitive, 'commutative')) names.sort();
  return `${operationKey(primitive.name, params)})${names.join(' ')}`;
}
