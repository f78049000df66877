import { type Atom, type Params, Var } from '../program/aval.ts';
import { type Eqn, isProgram, keeps, type Program } from '../program/program.ts';

/** A copy of the parameters in which `change` was applied to every sub-program. */
export function mapSubprograms(params: Params, change: (program: Program) => Program): Params {
  if (isProgram(params)) return change(params);
  if (Array.isArray(params))
    return params.some(hasProgram) ? params.map((item) => mapSubprograms(item, change)) : params;
  if (typeof params === 'object' && params !== null && Object.values(params).some(hasProgram)) {
    return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, mapSubprograms(value, change)]));
  }
  return params;
}

const hasProgram = (value: unknown): boolean => isProgram(value) || (Array.isArray(value) && value.some(hasProgram));

/**
 * The last step before compiling: calls that only mattered for derivatives (custom rules, checkpoints) are
 * replaced by their bodies, and gradient stops by their operands.
 */
export function inlineCalls(program: Program): Program {
  const eqns: Eqn[] = [];
  const replaced = new Map<Var, Atom>();
  const resolve = (atom: Atom): Atom => (atom instanceof Var ? (replaced.get(atom) ?? atom) : atom);
  const copy = (part: Program): void => {
    for (const { primitive, params, inputs, outputs } of part.eqns) {
      const operands = inputs.map(resolve);
      if (keeps(primitive, 'identity')) {
        replaced.set(outputs[0], operands[0]);
      } else if (primitive.kind === 'inline' && primitive.body) {
        const body = freshProgram(primitive.body(params));
        body.inputs.forEach((variable, i) => {
          replaced.set(variable, operands[i]);
        });
        copy(body);
        outputs.forEach((variable, i) => {
          replaced.set(variable, resolve(body.outputs[i]));
        });
      } else {
        eqns.push({ primitive, params: mapSubprograms(params, inlineCalls), inputs: operands, outputs });
      }
    }
  };
  copy(program);
  return { inputs: program.inputs, eqns, outputs: program.outputs.map(resolve) };
}

/** The same program with new variables, so that it can stand in one place more. */
export function freshProgram(program: Program): Program {
  const fresh = new Map<Var, Var>();
  const renew = (variable: Var): Var => {
    const made = new Var(variable);
    fresh.set(variable, made);
    return made;
  };
  const inputs = program.inputs.map(renew);
  const use = (atom: Atom): Atom => (atom instanceof Var ? (fresh.get(atom) as Var) : atom);
  const eqns = program.eqns.map((eqn) => ({ ...eqn, inputs: eqn.inputs.map(use), outputs: eqn.outputs.map(renew) }));
  return { inputs, eqns, outputs: program.outputs.map(use) };
}
