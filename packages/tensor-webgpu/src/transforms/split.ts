import { type Atom, Var } from '../program/aval.ts';
import type { Eqn, Program } from '../program/program.ts';

/** A program cut in what can run now and what waits for the unknown inputs. */
export interface SplitProgram {
  /** From the known inputs to the known outputs, then the residuals. */
  readonly known: Program;
  /** From the residuals, then the unknown inputs, to the unknown outputs. */
  readonly unknown: Program;
  /** Which outputs of the original program wait for the unknown inputs. */
  readonly outputUnknown: readonly boolean[];
  /** The values handed over, as variables of the known part (some are its own inputs). */
  readonly residuals: readonly Var[];
}

/**
 * Partial evaluation by dependency: equations that no unknown input reaches go to the known part, the others
 * wait. Primitives with sub-programs split themselves by their `split` rule. Outputs marked in `force` count
 * as unknown even when they could be known.
 */
export function splitProgram(
  program: Program,
  unknownInputs: readonly boolean[],
  force: readonly boolean[] = [],
): SplitProgram {
  const waiting = new Set<Var>(program.inputs.filter((_, i) => unknownInputs[i]));
  const isWaiting = (atom: Atom): boolean => atom instanceof Var && waiting.has(atom);
  const knownEqns: Eqn[] = [];
  const unknownEqns: Eqn[] = [];
  for (const eqn of program.eqns) {
    const unknown = eqn.inputs.map(isWaiting);
    if (!unknown.includes(true)) {
      knownEqns.push(eqn);
      continue;
    }
    const parts = eqn.primitive.split?.(unknown, eqn.inputs, eqn.params);
    if (!parts?.known) {
      unknownEqns.push(eqn);
      for (const variable of eqn.outputs) waiting.add(variable);
      continue;
    }
    const residuals = parts.residuals.map((aval) => new Var(aval));
    knownEqns.push({
      primitive: parts.known.primitive,
      params: parts.known.params,
      inputs: parts.known.inputs.map((i) => eqn.inputs[i]),
      outputs: [...parts.known.outputs.map((i) => eqn.outputs[i]), ...residuals],
    });
    const { primitive, params } = parts.unknown;
    const inputs = [...parts.unknown.inputs.map((i) => eqn.inputs[i]), ...residuals];
    const avals = primitive.shape(inputs, params);
    const later = parts.unknown.outputs.map((i, k) => (i < 0 ? new Var(avals[k]) : eqn.outputs[i]));
    unknownEqns.push({ primitive, params, inputs, outputs: later });
    for (const variable of later) waiting.add(variable);
  }

  const outputUnknown = program.outputs.map((atom, i) => isWaiting(atom) || force[i] === true);
  const unknownOutputs = program.outputs.filter((_, i) => outputUnknown[i]);
  const residuals = new Set<Var>();
  const need = (atom: Atom): void => {
    if (atom instanceof Var && !waiting.has(atom)) residuals.add(atom);
  };
  for (const eqn of unknownEqns) for (const atom of eqn.inputs) need(atom);
  for (const atom of unknownOutputs) need(atom);
  const handed = [...residuals];
  return {
    known: {
      inputs: program.inputs.filter((_, i) => !unknownInputs[i]),
      eqns: knownEqns,
      outputs: [...program.outputs.filter((_, i) => !outputUnknown[i]), ...handed],
    },
    unknown: {
      inputs: [...handed, ...program.inputs.filter((_, i) => unknownInputs[i])],
      eqns: unknownEqns,
      outputs: unknownOutputs,
    },
    outputUnknown,
    residuals: handed,
  };
}
