import { isFloat } from '../dtype/dtype.ts';
import { DerivativeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { alongSquare, vectorNormPrimitive } from '../primitives/vectorNorm.ts';
import { type Atom, Literal, type Var } from '../program/aval.ts';
import type { Eqn, JvpResult, Program } from '../program/program.ts';
import type { Tangent, Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { ValueEnv } from '../trace/inline.ts';
import { Limits } from './limits.ts';

/** Whether an equation squares its first operand. */
const isSquare = ({ primitive, inputs: [x, y] }: Eqn): boolean =>
  (primitive.name === 'mul' && x === y) || (primitive.name === 'pow' && y instanceof Literal && y.value === 2);

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
  const norms = new Map<Atom, Eqn>();
  const limits = new Limits();
  for (const eqn of program.eqns) {
    const { primitive, inputs, params, outputs } = eqn;
    if (primitive === vectorNormPrimitive) norms.set(outputs[0], eqn);
    const values = inputs.map((atom) => env.get(atom));
    const along = inputs.map((atom) => (atom instanceof Literal ? null : (moving.get(atom) ?? null)));
    if (limits.reach(eqn)) {
      const result = limits.push(eqn, values, along, jvpProgram);
      env.set(outputs, result.outputs);
      move(outputs, result.tangents);
      continue;
    }
    if (along.every((tangent) => tangent === null)) {
      env.set(outputs, bind(primitive, values, params));
      continue;
    }
    if (!primitive.jvp) {
      throw new DerivativeError(
        `${primitive.name} has no forward derivative. Use stopGradient on its inputs, or give the function a customJvp rule.`,
      );
    }
    const norm = isSquare(eqn) ? norms.get(inputs[0]) : undefined;
    if (norm) {
      // A norm has no second derivative at 0, its square has: it is that of the sum of squares.
      const [x] = norm.inputs;
      env.set(outputs, bind(primitive, values, params));
      move(outputs, [alongSquare(env.get(x), moving.get(x as Var) as Value, norm.params)]);
      continue;
    }
    const result = primitive.jvp(lax, values, along, params);
    env.set(outputs, result.outputs);
    move(outputs, result.tangents);
    limits.start(eqn, result);
  }
  return {
    outputs: program.outputs.map((atom) => env.get(atom)),
    tangents: program.outputs.map((atom) => (atom instanceof Literal ? null : (moving.get(atom) ?? null))),
  };
}
