import { branchesControl } from '../../backends/wasm/emit/control/branches.ts';
import { repeatFirst } from '../../primitives/elementwise.ts';
import { lax } from '../../primitives/lax.ts';
import { Var } from '../../program/aval.ts';
import { evaluateProgram } from '../../program/evaluate.ts';
import type { Primitive, Program } from '../../program/program.ts';
import type { Tangent, Value } from '../../program/value.ts';
import { bind } from '../../trace/bind.ts';
import { trace } from '../../trace/builder.ts';
import { inlineProgram } from '../../trace/inline.ts';
import { batchProgram } from '../batch.ts';
import { jvpProgram } from '../forward.ts';
import { splitProgram } from '../split.ts';
import { transposeProgram } from '../transpose.ts';
import { batchPerExample } from './perExample.ts';

export interface CondParams {
  /** Programs over the same operands with the same outputs; input 0 of the equation (i32, clamped) chooses one. */
  readonly branches: readonly Program[];
}

const or = (lists: readonly (readonly boolean[])[]): boolean[] => lists[0].map((_, i) => lists.some((list) => list[i]));

/** Programs traced per branch, made to take the same captured values at the end. */
export function unifyBranches(traced: readonly { program: Program; captured: readonly Value[] }[]): {
  branches: Program[];
  captured: Value[];
} {
  const captured = [...new Set(traced.flatMap((branch) => branch.captured))];
  const branches = traced.map(({ program, captured: own }) => {
    const split = program.inputs.length - own.length;
    const extra = captured.map((value) => {
      const at = own.indexOf(value);
      return at < 0 ? new Var(value) : program.inputs[split + at];
    });
    return { ...program, inputs: [...program.inputs.slice(0, split), ...extra] };
  });
  return { branches, captured };
}

/** `run(...operands)` where `any` holds, zeros otherwise. */
function whereAny(any: Value, run: (...operands: Value[]) => Value[], operands: readonly Value[]): Value[] {
  const chosen = trace(operands, (...all) => ({ outputs: run(...all), extra: undefined }));
  const zeros = trace(operands, () => ({
    outputs: chosen.program.outputs.map((aval) => lax.zeros(aval)),
    extra: undefined,
  }));
  const { branches, captured } = unifyBranches([zeros, chosen]);
  return bind(condPrimitive, [lax.cast(any, 'i32'), ...operands, ...captured], { branches });
}

/** A choice between programs at run time: only the chosen one runs. */
export const condPrimitive: Primitive = {
  name: 'cond',
  kind: 'control',
  lowering: {
    as: 'control',
    control: ({ branches }: CondParams) => ({ kind: 'branches', branches }),
    code: [branchesControl],
  },

  shape: (_inputs, { branches }: CondParams) => branches[0].outputs.map(({ shape, dtype }) => ({ shape, dtype })),

  jvp(_lax, [index, ...operands], [, ...tangents], { branches }: CondParams) {
    const along = tangents.filter((tangent) => tangent !== null);
    const push = (branch: Program, moves?: readonly boolean[]) =>
      trace([...operands, ...along], (...all) => {
        let next = operands.length;
        const result = jvpProgram(
          branch,
          all.slice(0, operands.length),
          tangents.map((tangent) => (tangent ? all[next++] : null)),
        );
        const moved = moves
          ? result.tangents.flatMap((tangent, i) => (moves[i] ? [tangent ?? lax.zeros(result.outputs[i])] : []))
          : [];
        return { outputs: [...result.outputs, ...moved], extra: result.tangents.map((tangent) => tangent !== null) };
      });
    const moves = or(branches.map((branch) => push(branch).extra));
    const { branches: pushed, captured } = unifyBranches(branches.map((branch) => push(branch, moves)));
    const outputs = bind(condPrimitive, [index, ...operands, ...along, ...captured], { branches: pushed });
    const count = moves.length;
    let next = count;
    return { outputs: outputs.slice(0, count), tangents: moves.map((is): Tangent => (is ? outputs[next++] : null)) };
  },

  split(unknown, _inputs, { branches }: CondParams) {
    const indices = unknown.map((_, i) => i);
    const outputs = branches[0].outputs.map((_, i) => i);
    if (unknown[0])
      return {
        known: null,
        unknown: { primitive: condPrimitive, params: { branches }, inputs: indices, outputs },
        residuals: [],
      };
    const flags = unknown.slice(1);
    const outputUnknown = or(branches.map((branch) => splitProgram(branch, flags).outputUnknown));
    const parts = branches.map((branch) => splitProgram(branch, flags, outputUnknown));
    const knownCount = outputUnknown.filter((is) => !is).length;
    const residuals = parts.flatMap((part) => part.residuals);
    // Every branch returns the residuals of all; those of the others are zeros that nobody reads.
    const known = parts.map((part, own) => {
      const inputs = part.known.inputs;
      const made = trace(inputs, (...values) => {
        const results = inlineProgram(part.known, values);
        const mine = results.slice(knownCount);
        return {
          outputs: [
            ...results.slice(0, knownCount),
            ...parts.flatMap((other, k) => (k === own ? mine : other.residuals.map((aval) => lax.zeros(aval)))),
          ],
          extra: undefined,
        };
      });
      return made.program;
    });
    const waiting = parts.map((part, own): Program => {
      const handed = parts.flatMap((other, k) =>
        k === own ? part.unknown.inputs.slice(0, part.residuals.length) : other.residuals.map((aval) => new Var(aval)),
      );
      return { ...part.unknown, inputs: [...part.unknown.inputs.slice(part.residuals.length), ...handed] };
    });
    return {
      known: {
        primitive: condPrimitive,
        params: { branches: known },
        inputs: indices.filter((i) => !unknown[i]),
        outputs: outputs.filter((i) => !outputUnknown[i]),
      },
      unknown: {
        primitive: condPrimitive,
        params: { branches: waiting },
        inputs: [0, ...indices.filter((i) => unknown[i])],
        outputs: outputs.filter((i) => outputUnknown[i]),
      },
      residuals: residuals.map(({ shape, dtype }) => ({ shape, dtype })),
    };
  },

  transpose(_lax, cotangents, [index, ...operands], [, ...linear], { branches }: CondParams, avals) {
    const fixed = operands.filter((_, i) => !linear[i]) as Value[];
    const given = cotangents.filter((cotangent) => cotangent !== null);
    const linearAvals = avals.slice(1).filter((_, i) => linear[i]);
    const pulled = branches.map((branch) =>
      trace([...fixed, ...given], (...all) => {
        let nextFixed = 0;
        let nextGiven = fixed.length;
        const back = transposeProgram(
          branch,
          linear.map((is) => (is ? null : all[nextFixed++])),
          linear,
          cotangents.map((cotangent) => (cotangent ? all[nextGiven++] : null)),
        );
        return { outputs: back.map((value, i) => value ?? lax.zeros(linearAvals[i])), extra: undefined };
      }),
    );
    const { branches: back, captured } = unifyBranches(pulled);
    const outputs = bind(condPrimitive, [index as Value, ...fixed, ...given, ...captured], { branches: back });
    let next = 0;
    return [null, ...linear.map((is): Tangent => (is ? outputs[next++] : null))];
  },

  batch(_lax, size, [index, ...operands], [indexBatched, ...batched], { branches }: CondParams) {
    if (indexBatched) {
      const outputs = batchPerExample(size, index, operands, batched, branches, whereAny);
      return { outputs, batched: outputs.map(() => true) };
    }
    const run = (branch: Program, all: readonly Value[]) => batchProgram(branch, size, all, batched);
    const make = (branch: Program, full?: readonly boolean[]) =>
      trace(operands, (...all) => {
        const result = run(branch, all);
        const outputs = result.outputs.map((value, i) =>
          full?.[i] && !result.batched[i] ? repeatFirst(lax, value, size) : value,
        );
        return { outputs, extra: result.batched };
      });
    const flags = or(branches.map((branch) => make(branch).extra));
    const { branches: made, captured } = unifyBranches(branches.map((branch) => make(branch, flags)));
    return { outputs: bind(condPrimitive, [index, ...operands, ...captured], { branches: made }), batched: flags };
  },

  evaluate([index, ...operands], { branches }: CondParams) {
    const chosen = Math.min(Math.max(index.data[0], 0), branches.length - 1);
    return evaluateProgram(branches[chosen], operands);
  },
};
