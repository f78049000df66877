import { type Atom, Literal, type Var } from '../program/aval.ts';
import type { Program } from '../program/program.ts';
import type { Value } from '../program/value.ts';
import { bind } from './bind.ts';
import { literalValue } from './value.ts';

/** Values of a program's atoms while it is being interpreted. */
export class ValueEnv {
  private readonly values = new Map<Var, Value>();

  get(atom: Atom): Value {
    return atom instanceof Literal ? literalValue(atom) : (this.values.get(atom) as Value);
  }

  set(variables: readonly Var[], values: readonly Value[]): void {
    variables.forEach((variable, i) => {
      this.values.set(variable, values[i]);
    });
  }
}

/** Applies a program's equations to `inputs`, one by one, in the trace in progress. */
export function inlineProgram(program: Program, inputs: readonly Value[]): Value[] {
  const env = new ValueEnv();
  env.set(program.inputs, inputs);
  for (const eqn of program.eqns) {
    env.set(
      eqn.outputs,
      bind(
        eqn.primitive,
        eqn.inputs.map((atom) => env.get(atom)),
        eqn.params,
      ),
    );
  }
  return program.outputs.map((atom) => env.get(atom));
}
