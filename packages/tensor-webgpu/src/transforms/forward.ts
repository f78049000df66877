import { isFloat } from '../dtype/dtype.ts';
import { DerivativeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import type { JvpResult, Tangent } from '../program/primitive.ts';
import { Literal, type Program, type Var } from '../program/program.ts';
import { bind } from '../trace/bind.ts';
import { ValueEnv } from '../trace/inline.ts';
import type { Value } from '../trace/value.ts';

/**
 * Forward-mode derivative of a program: outputs at `primals` and their directional derivatives along
 * `tangents`. Zero tangents stay symbolic: an equation that no moving input reaches is only evaluated.
 */
export function jvpProgram(program: Program, primals: readonly Value[], tangents: readonly Tangent[]): JvpResult {
  const env = new ValueEnv();
  const moving = new Map<Var, Value>();
  const move = (variables: readonly Var[], along: readonly Tangent[]): void => {
    variables.forEach((variable, i) => {
      const tangent = along[i];
      if (tangent && isFloat(variable.dtype)) moving.set(variable, tangent);
    });
  };
  env.set(program.inputs, primals);
  move(program.inputs, tangents);
  for (const { primitive, inputs, params, outputs } of program.eqns) {
    const values = inputs.map((atom) => env.get(atom));
    const along = inputs.map((atom) => (atom instanceof Literal ? null : (moving.get(atom) ?? null)));
    if (along.every((tangent) => tangent === null)) {
      env.set(outputs, bind(primitive, values, params));
      continue;
    }
    if (!primitive.jvp) {
      throw new DerivativeError(
        `${primitive.name} has no forward derivative. Use stopGradient on its inputs, or give the function a customJvp rule.`,
      );
    }
    const result = primitive.jvp(lax, values, along, params);
    env.set(outputs, result.outputs);
    move(outputs, result.tangents);
  }
  return {
    outputs: program.outputs.map((atom) => env.get(atom)),
    tangents: program.outputs.map((atom) => (atom instanceof Literal ? null : (moving.get(atom) ?? null))),
  };
}
