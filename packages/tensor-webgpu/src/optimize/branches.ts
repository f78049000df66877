import { type Atom, type Aval, Literal, Var } from '../program/aval.ts';
import { loweringAs } from '../program/lowering.ts';
import type { Eqn, Primitive, Program } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import { sizeOf } from '../shape/shape.ts';
import { freshProgram, mapSubprograms } from './inline.ts';

/** `index > place`, of whole numbers. */
const beyondPrimitive: Primitive = {
  name: 'beyond',
  kind: 'elementwise',
  lowering: { as: 'map', code: 'gt' },
  shape: () => [{ shape: [], dtype: 'bool' }],
  evaluate([index, place]) {
    const data = refData('bool', 1);
    data[0] = Number(index.data[0] > place.data[0]);
    return [refArray([], 'bool', data)];
  },
};

/** `condition ? a : b` of whole arrays, by one condition. The result is of the form that its parameters say, also of numbers. */
const choosePrimitive: Primitive = {
  name: 'choose',
  kind: 'elementwise',
  lowering: { as: 'map', code: 'select' },
  shape: (_inputs, { shape, dtype }: Aval) => [{ shape, dtype }],
  evaluate([condition, a, b], { shape, dtype }: Aval) {
    const { data } = condition.data[0] !== 0 ? a : b;
    return [refArray(shape, dtype, data.length > 1 ? data : refData(dtype, sizeOf(shape)).fill(data[0]))];
  },
};

/** Where a choice between branches stands. */
export interface ChoiceAt {
  /** The choice, its own branches rewritten. */
  readonly eqn: Eqn;
  readonly branches: readonly Program[];
  /** Whether it is made anew in every turn of a loop. */
  readonly inLoop: boolean;
}

/**
 * A program that computes all branches of its choices and keeps the results of the chosen one, where `allows` says so.
 * Nothing of a branch that is not chosen reaches a result, be it NaN.
 */
export function chooseResults(program: Program, allows: (choice: ChoiceAt) => boolean, inLoop = false): Program {
  const eqns: Eqn[] = [];
  const replaced = new Map<Var, Atom>();
  const resolve = (atom: Atom): Atom => (atom instanceof Var ? (replaced.get(atom) ?? atom) : atom);
  let changed = false;
  for (const { primitive, params, inputs, outputs } of program.eqns) {
    const control = loweringAs(primitive, 'control')?.control(params);
    const loops = inLoop || (control !== undefined && control.kind !== 'branches');
    const within = control ? mapSubprograms(params, (part) => chooseResults(part, allows, loops)) : params;
    changed ||= within !== params;
    const eqn: Eqn = { primitive, params: within, inputs: inputs.map(resolve), outputs };
    const branches = control?.kind === 'branches' ? branchesOf(eqn) : null;
    if (!branches || !allows({ eqn, branches, inLoop })) {
      eqns.push(eqn);
      continue;
    }
    changed = true;
    const [index, ...operands] = eqn.inputs;
    const results = branches.map((branch) => {
      const fresh = freshProgram(branch);
      const given = new Map<Atom, Atom>(fresh.inputs.map((variable, i) => [variable, operands[i]]));
      const use = (atom: Atom): Atom => given.get(atom) ?? atom;
      for (const inner of fresh.eqns) eqns.push({ ...inner, inputs: inner.inputs.map(use) });
      return fresh.outputs.map(use);
    });
    // Beyond the place of the last branch that was tried, the next one; an index below the first takes the first.
    let chosen = results[0];
    for (let place = 1; place < results.length; place++) {
      const condition = new Var({ shape: [], dtype: 'bool' });
      const limit = new Literal(place - 1, index.dtype);
      eqns.push({ primitive: beyondPrimitive, params: {}, inputs: [index, limit], outputs: [condition] });
      chosen = results[place].map((value, i) => {
        if (value === chosen[i]) return value;
        const kept = new Var(outputs[i]);
        const params = { shape: kept.shape, dtype: kept.dtype };
        eqns.push({ primitive: choosePrimitive, params, inputs: [condition, value, chosen[i]], outputs: [kept] });
        return kept;
      });
    }
    outputs.forEach((variable, i) => {
      replaced.set(variable, chosen[i]);
    });
  }
  return changed ? { inputs: program.inputs, eqns, outputs: program.outputs.map(resolve) } : program;
}

function branchesOf({ primitive, params }: Eqn): readonly Program[] | null {
  const control = loweringAs(primitive, 'control')?.control(params);
  return control?.kind === 'branches' ? control.branches : null;
}
