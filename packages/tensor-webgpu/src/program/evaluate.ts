import { ProgramError } from '../errors/errors.ts';
import { sameShape, showShape } from '../shape/shape.ts';
import { type Atom, Literal, Var } from './aval.ts';
import type { Program } from './program.ts';
import { type RefArray, refScalar } from './refArray.ts';

/** Runs a program plainly, equation by equation, in float64. Arrays are dropped after their last use. */
export function evaluateProgram(program: Program, inputs: readonly RefArray[]): RefArray[] {
  checkInputs(program, inputs);
  const arrays = new Map<Var, RefArray>(program.inputs.map((variable, i) => [variable, inputs[i]]));
  const read = (atom: Atom): RefArray => {
    if (atom instanceof Literal) return refScalar(atom.value, atom.dtype);
    const array = arrays.get(atom);
    if (!array) throw new ProgramError(`A program reads variable ${atom.id} before it is assigned.`);
    return array;
  };
  const lastUse = lastUses(program);
  program.eqns.forEach((eqn, at) => {
    const outputs =
      evaluateInline(eqn.primitive.body?.(eqn.params), eqn.inputs.map(read)) ??
      eqn.primitive.evaluate(eqn.inputs.map(read), eqn.params, eqn.outputs);
    eqn.outputs.forEach((variable, i) => {
      if (lastUse.has(variable)) arrays.set(variable, outputs[i]);
    });
    for (const atom of eqn.inputs) if (atom instanceof Var && lastUse.get(atom) === at) arrays.delete(atom);
  });
  return program.outputs.map(read);
}

const evaluateInline = (body: Program | undefined, inputs: readonly RefArray[]): RefArray[] | null =>
  body ? evaluateProgram(body, inputs) : null;

/** The position of the last equation that reads each variable; past the end for outputs. */
function lastUses(program: Program): Map<Var, number> {
  const uses = new Map<Var, number>();
  program.eqns.forEach((eqn, at) => {
    for (const atom of eqn.inputs) if (atom instanceof Var) uses.set(atom, at);
  });
  for (const atom of program.outputs) if (atom instanceof Var) uses.set(atom, program.eqns.length);
  return uses;
}

function checkInputs(program: Program, inputs: readonly RefArray[]): void {
  if (inputs.length !== program.inputs.length) {
    throw new ProgramError(`A program of ${program.inputs.length} inputs was given ${inputs.length}.`);
  }
  program.inputs.forEach((variable, i) => {
    if (variable.dtype !== inputs[i].dtype || !sameShape(variable.shape, inputs[i].shape)) {
      throw new ProgramError(
        `Input ${i} of a program is ${variable.dtype}${showShape(variable.shape)}; it was given ${inputs[i].dtype}${showShape(inputs[i].shape)}.`,
      );
    }
  });
}
