import { Var } from '../program/aval.ts';
import type { Eqn, Program } from '../program/program.ts';

/** The program without equations whose results nobody uses. */
export function removeDeadCode(program: Program): Program {
  const used = new Set<Var>();
  const use = (atom: unknown): void => {
    if (atom instanceof Var) used.add(atom);
  };
  program.outputs.forEach(use);
  const kept: Eqn[] = [];
  for (let i = program.eqns.length - 1; i >= 0; i--) {
    const eqn = program.eqns[i];
    if (!eqn.outputs.some((variable) => used.has(variable))) continue;
    kept.push(eqn);
    eqn.inputs.forEach(use);
  }
  return kept.length === program.eqns.length ? program : { ...program, eqns: kept.reverse() };
}
