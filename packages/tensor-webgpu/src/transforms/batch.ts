import { ProgramError } from '../errors/errors.ts';
import { repeatFirst } from '../primitives/elementwise.ts';
import { lax } from '../primitives/lax.ts';
import { Literal, type Var } from '../program/aval.ts';
import type { BatchResult, Program } from '../program/program.ts';
import type { Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { ValueEnv } from '../trace/inline.ts';

/** A program over a new leading axis of `size`: inputs marked `batched` have it, and so may the outputs. */
export function batchProgram(
  program: Program,
  size: number,
  inputs: readonly Value[],
  batched: readonly boolean[],
): BatchResult {
  const env = new ValueEnv();
  const mapped = new Set<Var>();
  const mark = (variables: readonly Var[], flags: readonly boolean[]): void => {
    variables.forEach((variable, i) => {
      if (flags[i]) mapped.add(variable);
    });
  };
  env.set(program.inputs, inputs);
  mark(program.inputs, batched);
  for (const eqn of program.eqns) {
    const values = eqn.inputs.map((atom) => env.get(atom));
    const flags = eqn.inputs.map((atom) => !(atom instanceof Literal) && mapped.has(atom));
    if (!flags.includes(true)) {
      env.set(eqn.outputs, bind(eqn.primitive, values, eqn.params));
      continue;
    }
    if (!eqn.primitive.batch) throw new ProgramError(`${eqn.primitive.name} has no batching rule.`);
    const result = eqn.primitive.batch(lax, size, values, flags, eqn.params);
    env.set(eqn.outputs, result.outputs);
    mark(eqn.outputs, result.batched);
  }
  return {
    outputs: program.outputs.map((atom) => env.get(atom)),
    batched: program.outputs.map((atom) => !(atom instanceof Literal) && mapped.has(atom)),
  };
}

/** The same, with every output given the leading axis, repeated where it does not depend on it. */
export function batchProgramFully(
  program: Program,
  size: number,
  inputs: readonly Value[],
  batched: readonly boolean[],
): Value[] {
  const result = batchProgram(program, size, inputs, batched);
  return result.outputs.map((value, i) => (result.batched[i] ? value : repeatFirst(lax, value, size)));
}
