import { isFloat } from '../dtype/dtype.ts';
import { DerivativeError } from '../errors/errors.ts';
import { repeatFirst } from '../primitives/elementwise.ts';
import { lax } from '../primitives/lax.ts';
import { isLiteral } from '../primitives/operand.ts';
import type { Aval } from '../program/aval.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import type { Primitive, Program } from '../program/program.ts';
import type { Tangent, Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';
import { trace, traceProgram } from '../trace/builder.ts';
import { batchProgram, batchProgramFully } from './batch.ts';

/** A derivative rule on flat values. */
export type Rule = (...values: Value[]) => Value[];

export interface CustomParams {
  readonly body: Program;
  /** Inputs that are arguments; the others are captured and may not move. */
  readonly argumentCount: number;
  /** customJvp: (primals, tangents) to (outputs, tangents). */
  readonly push?: Rule;
  /** customVjp: primals to (outputs, residuals). */
  readonly forward?: Rule;
  /** customVjp: (residuals, cotangents) to cotangents of the arguments. */
  readonly backward?: Rule;
}

/** A rule over a new leading axis: traced on single examples, then batched; every output gets the axis. */
function batchRule(rule: Rule, size: number, batched: (count: number) => readonly boolean[]): Rule {
  return (...values) => {
    const flags = batched(values.length);
    const avals = values.map((value, i) => (flags[i] ? { shape: value.shape.slice(1), dtype: value.dtype } : value));
    const { program, captured } = traceProgram(avals, rule);
    return batchProgramFully(program, size, [...values, ...captured], [...flags, ...captured.map(() => false)]);
  };
}

export const custom: Primitive = {
  name: 'custom',
  kind: 'inline',
  shape: (_inputs, { body }: CustomParams) => body.outputs,
  body: ({ body }: CustomParams) => body,
  evaluate: (inputs, { body }: CustomParams) => evaluateProgram(body, inputs),

  jvp(_lax, inputs, tangents, params: CustomParams) {
    const { body, argumentCount, push, forward, backward } = params;
    if (tangents.slice(argumentCount).some((tangent) => tangent !== null)) {
      throw new DerivativeError(
        'A function with a custom derivative uses a moving value from outside its arguments. Pass that value as an argument.',
      );
    }
    const primals = inputs.slice(0, argumentCount);
    const along = primals.map((value, i) => tangents[i] ?? lax.zeros(value));
    const count = body.outputs.length;
    if (push) {
      const results = push(...primals, ...along);
      return { outputs: results.slice(0, count), tangents: results.slice(count) };
    }
    const results = (forward as Rule)(...primals);
    const residuals = results.slice(count);
    const outputs = results.slice(0, count);
    const linear: LinearParams = {
      backward: backward as Rule,
      residualCount: residuals.length,
      outputs: outputs.map(({ shape, dtype }) => ({ shape, dtype })),
    };
    return { outputs, tangents: bind(customLinear, [...residuals, ...along], linear) };
  },

  batch(_lax, size, inputs, batched, params: CustomParams) {
    const { argumentCount, push, forward, backward } = params;
    const traced = trace(inputs, (...values) => {
      const result = batchProgram(params.body, size, values, batched);
      const full = result.outputs.map((value, i) => (result.batched[i] ? value : repeatFirst(lax, value, size)));
      return { outputs: full, extra: undefined };
    });
    const flags = batched.slice(0, argumentCount);
    const batchedParams: CustomParams = {
      body: traced.program,
      argumentCount,
      push: push && batchRule(push, size, () => [...flags, ...flags]),
      forward: forward && batchRule(forward, size, () => flags),
      // Residuals and cotangents all carry the axis; so do the cotangents returned, which are summed where the argument has none.
      backward:
        backward &&
        ((...values) =>
          batchRule(backward, size, (count) => Array<boolean>(count).fill(true))(...values).map((value, i) =>
            flags[i] || !isFloat(value.dtype) ? value : lax.reduceSum(value, [0]),
          )),
    };
    const outputs = bind(custom, [...inputs, ...traced.captured], batchedParams);
    return { outputs, batched: outputs.map(() => true) };
  },
};

interface LinearParams {
  readonly backward: Rule;
  readonly residualCount: number;
  readonly outputs: readonly Aval[];
}

/** The derivative of a customVjp function, known only by its transpose. */
const customLinear: Primitive = {
  name: 'customVjp',
  kind: 'opaque',
  shape: (_inputs, { outputs }: LinearParams) => outputs,
  transpose(_lax, cotangents, inputs, linear, { backward, residualCount, outputs }: LinearParams) {
    const given = cotangents.map((cotangent, i) => cotangent ?? lax.zeros(outputs[i]));
    const back = backward(...(inputs.slice(0, residualCount) as Value[]), ...given);
    return linear.map((is, i): Tangent => (is ? back[i - residualCount] : null));
  },
  batch(_lax, size, inputs, batched, { backward, residualCount, outputs }: LinearParams) {
    const full = inputs.map((value, i) => (batched[i] || isLiteral(value) ? value : repeatFirst(lax, value, size)));
    const params: LinearParams = {
      backward: batchRule(backward, size, (count) => Array<boolean>(count).fill(true)),
      residualCount,
      outputs: outputs.map(({ shape, dtype }) => ({ shape: [size, ...shape], dtype })),
    };
    const values = bind(customLinear, full, params);
    return { outputs: values, batched: values.map(() => true) };
  },
  evaluate() {
    throw new DerivativeError(
      'A function with a customVjp rule has no forward-mode derivative. Use grad or vjp, or define it with customJvp.',
    );
  },
};
