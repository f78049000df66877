import { whileControl } from '../../backends/wasm/emit/control/while.ts';
import { removeDeadCode } from '../../optimize/deadCode.ts';
import { repeatFirst } from '../../primitives/elementwise.ts';
import { lax } from '../../primitives/lax.ts';
import { type Aval, Var } from '../../program/aval.ts';
import { evaluateProgram } from '../../program/evaluate.ts';
import type { Primitive, Program } from '../../program/program.ts';
import type { Tangent, Value } from '../../program/value.ts';
import { range } from '../../shape/shape.ts';
import { bind } from '../../trace/bind.ts';
import { trace } from '../../trace/builder.ts';
import { inlineProgram } from '../../trace/inline.ts';
import { batchProgram } from '../batch.ts';
import { splitProgram } from '../split.ts';
import { traceJvpBody } from './bodies.ts';
import { fixpoint } from './fixpoint.ts';
import { capturedFirst } from './scan.ts';

export interface WhileParams {
  /** From (its constants, carry) to a bool scalar. */
  readonly cond: Program;
  /** From (its constants, carry) to the carry. */
  readonly body: Program;
  readonly numCondConsts: number;
  readonly numBodyConsts: number;
  /** What to do instead of asking for reverse mode. */
  readonly advice?: string;
}

function roles<T>(
  list: readonly T[],
  { numCondConsts, numBodyConsts }: WhileParams,
): { cond: T[]; body: T[]; carry: T[] } {
  return {
    cond: list.slice(0, numCondConsts),
    body: list.slice(numCondConsts, numCondConsts + numBodyConsts),
    carry: list.slice(numCondConsts + numBodyConsts),
  };
}

/** A loop that runs while a condition on its carry holds. Forward mode only: its length is not known beforehand. */
export const whilePrimitive: Primitive = {
  name: 'while',
  kind: 'control',
  lowering: {
    as: 'control',
    control: ({ cond, body, numCondConsts, numBodyConsts }: WhileParams) => ({
      kind: 'while',
      condition: cond,
      body,
      conditionConstants: numCondConsts,
      bodyConstants: numBodyConsts,
    }),
    code: [whileControl],
  },

  shape: (_inputs, { body }: WhileParams) => body.outputs.map(({ shape, dtype }) => ({ shape, dtype })),

  jvp(_lax, inputs, tangents, params: WhileParams) {
    const { body, cond, numCondConsts, advice } = params;
    const values = roles(inputs, params);
    const along = roles(tangents, params);
    const constMoves = along.body.map((tangent) => tangent !== null);
    const bodyConsts = body.inputs.slice(0, values.body.length);
    const carryAvals = body.inputs.slice(values.body.length);
    const jvpBody = (carryMoves: readonly boolean[]) => {
      const groups = [
        { avals: bodyConsts, moves: constMoves },
        { avals: carryAvals, moves: carryMoves },
      ];
      return traceJvpBody(body, groups, (result) => {
        const kept = result.tangents.flatMap((tangent, i) =>
          carryMoves[i] ? [tangent ?? lax.zeros(result.outputs[i])] : [],
        );
        return { outputs: [...result.outputs, ...kept], extra: result.tangents.map((tangent) => tangent !== null) };
      });
    };
    const carryMoves = fixpoint(
      along.carry.map((tangent) => tangent !== null),
      (carry) => jvpBody(carry).extra,
    );
    const traced = jvpBody(carryMoves);
    const constAlong = along.body.filter((tangent) => tangent !== null);
    const carryAlong = along.carry.flatMap((tangent, i) =>
      carryMoves[i] ? [tangent ?? lax.zeros(values.carry[i])] : [],
    );
    const unused = carryAlong.map((value) => new Var(value));
    const outputs = bind(
      whilePrimitive,
      [...values.cond, ...traced.captured, ...values.body, ...constAlong, ...values.carry, ...carryAlong],
      {
        cond: { ...cond, inputs: [...cond.inputs, ...unused] },
        body: capturedFirst(traced.program, traced.captured.length),
        numCondConsts,
        numBodyConsts: traced.captured.length + values.body.length + constAlong.length,
        ...(advice !== undefined && { advice }),
      },
    );
    const moved = outputs.slice(values.carry.length);
    return {
      outputs: outputs.slice(0, values.carry.length),
      tangents: carryMoves.map((is): Tangent => (is ? (moved.shift() as Value) : null)),
    };
  },

  /** The parts of the carry that do not wait are computed now by a loop of their own; the whole loop runs again later. */
  split(unknown, inputs, params: WhileParams) {
    const { body, cond } = params;
    const flags = roles(unknown, params);
    const constCount = flags.cond.length + flags.body.length;
    const spread = (carry: readonly boolean[]) => splitProgram(body, [...flags.body, ...carry], carry);
    const carryUnknown = fixpoint(flags.carry, (carry) => spread(carry).outputUnknown);
    const condUnknown = splitProgram(cond, [...flags.cond, ...carryUnknown]).outputUnknown[0];
    const indices = inputs.map((_, i) => i);
    const everything = { primitive: whilePrimitive, params, inputs: indices, outputs: body.outputs.map((_, i) => i) };
    if (condUnknown || carryUnknown.every(Boolean)) return { known: null, unknown: everything, residuals: [] };
    const known = spread(carryUnknown).known;
    const knownCarry = carryUnknown.flatMap((is, i) => (is ? [] : [i]));
    return {
      known: {
        primitive: whilePrimitive,
        params: {
          cond: {
            ...cond,
            inputs: cond.inputs.filter((_, i) => i < flags.cond.length || !carryUnknown[i - flags.cond.length]),
          },
          body: removeDeadCode({ ...known, outputs: known.outputs.slice(0, knownCarry.length) }),
          numCondConsts: params.numCondConsts,
          numBodyConsts: flags.body.filter((is) => !is).length,
        },
        inputs: indices.filter(
          (i) => i < flags.cond.length || (i < constCount ? !unknown[i] : !carryUnknown[i - constCount]),
        ),
        outputs: knownCarry,
      },
      unknown: { ...everything, outputs: carryUnknown.map((is, i) => (is ? i : -1)) },
      residuals: [],
    };
  },

  batch(_lax, size, inputs, batched, params: WhileParams) {
    const { cond, body, numCondConsts, advice } = params;
    const flags = roles(batched, params);
    const values = roles(inputs, params);
    const repeat = (value: Value, has: boolean): Value => (has ? value : repeatFirst(lax, value, size));
    const withAxis = (aval: Aval, on: boolean): Aval =>
      on ? { shape: [size, ...aval.shape], dtype: aval.dtype } : aval;
    const condConsts = cond.inputs.slice(0, numCondConsts);
    const bodyConsts = body.inputs.slice(0, values.body.length);
    const carryAvals = body.inputs.slice(values.body.length);
    const runCond = (carry: readonly boolean[]) =>
      trace(
        [...condConsts.map((a, i) => withAxis(a, flags.cond[i])), ...carryAvals.map((a, i) => withAxis(a, carry[i]))],
        (...all) => {
          const result = batchProgram(cond, size, all, [...flags.cond, ...carry]);
          return { outputs: result.outputs, extra: result.batched[0] };
        },
      );
    const runBody = (carry: readonly boolean[]) =>
      trace(
        [...bodyConsts.map((a, i) => withAxis(a, flags.body[i])), ...carryAvals.map((a, i) => withAxis(a, carry[i]))],
        (...all) => {
          const result = batchProgram(body, size, all, [...flags.body, ...carry]);
          return {
            outputs: result.outputs.map((value, i) => repeat(value, result.batched[i] || !carry[i])),
            extra: result.batched,
          };
        },
      );
    let carry = fixpoint(flags.carry, (now) => runBody(now).extra);
    const perExample = runCond(carry).extra;
    if (perExample) carry = carry.map(() => true);
    const tracedCond = runCond(carry);
    const tracedBody = runBody(carry);
    const carryIn = values.carry.map((value, i) => repeat(value, flags.carry[i] || !carry[i]));
    if (!perExample) {
      const outputs = bind(
        whilePrimitive,
        [...tracedCond.captured, ...values.cond, ...tracedBody.captured, ...values.body, ...carryIn],
        {
          cond: capturedFirst(tracedCond.program, tracedCond.captured.length),
          body: capturedFirst(tracedBody.program, tracedBody.captured.length),
          numCondConsts: tracedCond.captured.length + values.cond.length,
          numBodyConsts: tracedBody.captured.length + values.body.length,
          ...(advice !== undefined && { advice }),
        },
      );
      return { outputs, batched: carry };
    }
    // Each example has its own condition: go on while any holds, and freeze the examples that are done.
    const condInputs = [...tracedCond.captured, ...values.cond];
    const bodyInputs = [...tracedBody.captured, ...values.body];
    const condProgram = capturedFirst(tracedCond.program, tracedCond.captured.length);
    const bodyProgram = capturedFirst(tracedBody.program, tracedBody.captured.length);
    const anyLeft = trace([...condInputs, ...carryIn], (...all) => {
      const [going] = inlineProgram(condProgram, all);
      const left = lax.reduceSum(lax.cast(going, 'i32'), [0]);
      return { outputs: [lax.gt(left, 0)], extra: undefined };
    });
    const frozen = trace([...condInputs, ...bodyInputs, ...carryIn], (...all) => {
      const now = all.slice(condInputs.length + bodyInputs.length);
      const [going] = inlineProgram(condProgram, [...all.slice(0, condInputs.length), ...now]);
      const next = inlineProgram(bodyProgram, [
        ...all.slice(condInputs.length, condInputs.length + bodyInputs.length),
        ...now,
      ]);
      const outputs = next.map((value, i) =>
        lax.select(lax.broadcastInDim(going, value.shape, range(0, 1)), value, now[i]),
      );
      return { outputs, extra: undefined };
    });
    const outputs = bind(whilePrimitive, [...condInputs, ...condInputs, ...bodyInputs, ...carryIn], {
      cond: anyLeft.program,
      body: frozen.program,
      numCondConsts: condInputs.length,
      numBodyConsts: condInputs.length + bodyInputs.length,
      ...(advice !== undefined && { advice }),
    });
    return { outputs, batched: carry };
  },

  evaluate(inputs, params: WhileParams) {
    const { cond, body, ...rest } = roles(inputs, params);
    let carry = rest.carry;
    while (evaluateProgram(params.cond, [...cond, ...carry])[0].data[0] !== 0) {
      carry = [...evaluateProgram(params.body, [...body, ...carry])];
    }
    return carry;
  },
};
