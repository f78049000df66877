import { ProgramError } from '../errors/errors.ts';
import { sameShape } from '../shape/shape.ts';
import { Var } from './aval.ts';
import { Names, printEqn, showAval } from './print.ts';
import { type Eqn, isProgram, type Program } from './program.ts';

/**
 * Checks that a program is well formed: every variable is assigned once and before its use, and every equation's
 * outputs are what its primitive's shape rule says. Sub-programs are checked too.
 *
 * @throws ProgramError naming the equation.
 */
export function validateProgram(program: Program): Program {
  const assigned = new Set<Var>();
  // Only a fault is put into words.
  const names = (): Names => namesIn(program);
  const assign = (variable: Var, where: () => string): void => {
    if (assigned.has(variable))
      throw new ProgramError(`Variable ${names().of(variable)} is assigned twice, again in: ${where()}`);
    assigned.add(variable);
  };
  for (const variable of program.inputs) assign(variable, () => 'the inputs');
  for (const eqn of program.eqns) {
    const where = (): string => printEqn(eqn, names());
    for (const atom of eqn.inputs) {
      if (atom instanceof Var && !assigned.has(atom)) {
        throw new ProgramError(`Variable ${names().of(atom)} is used before it is assigned, in: ${where()}`);
      }
    }
    checkShapes(eqn, where);
    for (const inner of subprograms(eqn.params)) validateProgram(inner);
    for (const variable of eqn.outputs) assign(variable, where);
  }
  for (const atom of program.outputs) {
    if (atom instanceof Var && !assigned.has(atom)) {
      throw new ProgramError(`Output ${names().of(atom)} of a program is never assigned.`);
    }
  }
  return program;
}

/** The names that a print of the program gives its variables. */
function namesIn(program: Program): Names {
  const names = new Names();
  program.inputs.forEach((variable) => names.of(variable));
  for (const { inputs, outputs } of program.eqns) for (const atom of [...inputs, ...outputs]) names.of(atom);
  return names;
}

function checkShapes(eqn: Eqn, where: () => string): void {
  const expected = eqn.primitive.shape(eqn.inputs, eqn.params);
  const fits =
    expected.length === eqn.outputs.length &&
    expected.every((aval, i) => aval.dtype === eqn.outputs[i].dtype && sameShape(aval.shape, eqn.outputs[i].shape));
  if (!fits) throw new ProgramError(`Expected results ${expected.map(showAval).join(', ')} in: ${where()}`);
}

function subprograms(params: unknown): Program[] {
  if (isProgram(params)) return [params];
  if (Array.isArray(params)) return params.flatMap(subprograms);
  return typeof params === 'object' && params !== null ? Object.values(params).flatMap(subprograms) : [];
}
