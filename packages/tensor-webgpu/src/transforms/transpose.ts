import { DerivativeError, ProgramError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { type Atom, Var } from '../program/aval.ts';
import type { Program } from '../program/program.ts';
import type { Tangent, Value } from '../program/value.ts';
import { inlineProgram, ValueEnv } from '../trace/inline.ts';
import { splitProgram } from './split.ts';

/**
 * Transpose of a program that is linear in the inputs marked `linear`: from cotangents of the outputs to
 * cotangents of those inputs, in order. What needs no linear input is evaluated first.
 */
export function transposeProgram(
  program: Program,
  inputs: readonly (Value | null)[],
  linear: readonly boolean[],
  cotangents: readonly Tangent[],
): Tangent[] {
  // A loop may compute fixed and linear values at once: the fixed part of every equation runs first.
  const split = splitProgram(program, linear);
  const fixed = inlineProgram(
    split.known,
    inputs.filter((value) => value !== null),
  );
  const given = split.residuals.length;
  const env = new ValueEnv();
  env.set(split.unknown.inputs.slice(0, given), fixed.slice(fixed.length - given));
  const moving = new Set<Var>(split.unknown.inputs.slice(given));
  const isMoving = (atom: Atom): atom is Var => atom instanceof Var && moving.has(atom);
  for (const eqn of split.unknown.eqns) for (const variable of eqn.outputs) moving.add(variable);

  const advice = adviceIn(split.unknown);
  if (advice !== undefined) throw new DerivativeError(advice);
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
  for (const eqn of [...split.unknown.eqns].reverse()) {
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

/** What the loops of a program, or of a program inside it, say to a person who asks for reverse mode. */
export function adviceIn(program: Program): string | undefined {
  for (const { params } of program.eqns) {
    const { advice, ...parts } = (params ?? {}) as { advice?: string };
    if (advice !== undefined) return advice;
    for (const part of Object.values(parts).flat()) {
      const inner = (part as Program | null)?.eqns ? adviceIn(part as Program) : undefined;
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}
