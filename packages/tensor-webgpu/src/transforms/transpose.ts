import { DerivativeError, ProgramError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { Tangent } from '../program/primitive.ts';
import { type Atom, type Program, Var } from '../program/program.ts';
import { bind } from '../trace/bind.ts';
import { ValueEnv } from '../trace/inline.ts';
import type { Value } from '../trace/value.ts';

/**
 * Transpose of a program that is linear in the inputs marked `linear`: from cotangents of the outputs to
 * cotangents of those inputs, in order. Equations without a linear input are evaluated first.
 */
export function transposeProgram(
  program: Program,
  inputs: readonly (Value | null)[],
  linear: readonly boolean[],
  cotangents: readonly Tangent[],
): Tangent[] {
  const env = new ValueEnv();
  const moving = new Set<Var>();
  program.inputs.forEach((variable, i) => {
    if (linear[i]) moving.add(variable);
    else env.set([variable], [inputs[i] as Value]);
  });
  const isMoving = (atom: Atom): atom is Var => atom instanceof Var && moving.has(atom);
  const linearEqns = [];
  for (const eqn of program.eqns) {
    if (eqn.inputs.some(isMoving)) {
      for (const variable of eqn.outputs) moving.add(variable);
      linearEqns.push(eqn);
    } else {
      env.set(
        eqn.outputs,
        bind(
          eqn.primitive,
          eqn.inputs.map((atom) => env.get(atom)),
          eqn.params,
        ),
      );
    }
  }

  const sums = new Map<Var, Value>();
  const accumulate = (atom: Atom, cotangent: Tangent): void => {
    if (!cotangent || !isMoving(atom)) return;
    if (cotangent.shape.length !== atom.shape.length || cotangent.shape.some((extent, i) => extent !== atom.shape[i])) {
      throw new ProgramError(`A cotangent of shape [${cotangent.shape}] met a value of shape [${atom.shape}].`);
    }
    const sum = sums.get(atom);
    sums.set(atom, sum ? lax.add(sum, cotangent) : cotangent);
  };
  program.outputs.forEach((atom, i) => {
    accumulate(atom, cotangents[i]);
  });
  for (const eqn of linearEqns.reverse()) {
    const incoming = eqn.outputs.map((variable) => sums.get(variable) ?? null);
    if (incoming.every((cotangent) => cotangent === null)) continue;
    const { primitive, params } = eqn;
    if (!primitive.transpose) {
      throw new DerivativeError(
        primitive.name === 'while'
          ? 'Reverse mode cannot run backwards through whileLoop, whose number of steps is unknown. Use scan or foriLoop with a fixed length, or forward mode (jvp, jacfwd).'
          : `${primitive.name} has no transpose, so reverse mode cannot pass through it. Use forward mode (jvp, jacfwd) or a customVjp rule.`,
      );
    }
    const flags = eqn.inputs.map(isMoving);
    const values = eqn.inputs.map((atom, i) => (flags[i] ? null : env.get(atom)));
    const outgoing = primitive.transpose(lax, incoming, values, flags, params, eqn.inputs);
    eqn.inputs.forEach((atom, i) => {
      accumulate(atom, outgoing[i]);
    });
  }
  return program.inputs.filter((_, i) => linear[i]).map((variable) => sums.get(variable) ?? null);
}
