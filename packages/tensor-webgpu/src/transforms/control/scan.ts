import { scanControl } from '../../backends/wasm/emit/control/scan.ts';
import { hostArray } from '../../dtype/dtype.ts';
import { simplify } from '../../optimize/simplify.ts';
import { repeatFirst } from '../../primitives/elementwise.ts';
import { lax } from '../../primitives/lax.ts';
import type { Aval, Var } from '../../program/aval.ts';
import { evaluateProgram } from '../../program/evaluate.ts';
import type { Primitive, Program } from '../../program/program.ts';
import type { RefArray } from '../../program/refArray.ts';
import type { Tangent, Value } from '../../program/value.ts';
import { sizeOf } from '../../shape/shape.ts';
import { bind } from '../../trace/bind.ts';
import { trace } from '../../trace/builder.ts';
import { batchProgram } from '../batch.ts';
import { splitProgram } from '../split.ts';
import { taker } from '../taker.ts';
import { transposeProgram } from '../transpose.ts';
import { moveAxis } from '../vmap.ts';
import { traceJvpBody } from './bodies.ts';
import { fixpoint } from './fixpoint.ts';

export interface ScanParams {
  readonly length: number;
  readonly reverse: boolean;
  /** From (constants, carry, slices of the sequences) to (carry, slices of the results). */
  readonly body: Program;
  readonly numConsts: number;
  readonly numCarry: number;
}

const stacked = (aval: Aval, length: number): Aval => ({ shape: [length, ...aval.shape], dtype: aval.dtype });
const slice = (aval: Aval): Aval => ({ shape: aval.shape.slice(1), dtype: aval.dtype });

/** Operands of a scan by role. */
function roles<T>(list: readonly T[], { numConsts, numCarry }: ScanParams): { consts: T[]; carry: T[]; xs: T[] } {
  return {
    consts: list.slice(0, numConsts),
    carry: list.slice(numConsts, numConsts + numCarry),
    xs: list.slice(numConsts + numCarry),
  };
}

/** A loop of fixed length with a carry, over sequences stacked along axis 0. */
export const scanPrimitive: Primitive = {
  name: 'scan',
  kind: 'control',
  lowering: {
    as: 'control',
    control: ({ length, reverse, body, numConsts, numCarry }: ScanParams) => ({
      kind: 'scan',
      length,
      reverse,
      body,
      constants: numConsts,
      carries: numCarry,
    }),
    code: [scanControl],
  },

  shape(_inputs, { body, numCarry, length }: ScanParams) {
    return body.outputs.map((aval, i) =>
      i < numCarry ? { shape: aval.shape, dtype: aval.dtype } : stacked(aval, length),
    );
  },

  jvp(_lax, inputs, tangents, params: ScanParams) {
    const { body, numCarry } = params;
    const moves = roles(
      tangents.map((tangent) => tangent !== null),
      params,
    );
    const avals = roles(body.inputs, params);
    const jvpBody = (carryMoves: readonly boolean[]) => {
      const groups = [
        { avals: avals.consts, moves: moves.consts },
        { avals: avals.carry, moves: carryMoves },
        { avals: avals.xs, moves: moves.xs },
      ];
      return traceJvpBody(body, groups, (result) => {
        const carryTangents = result.tangents.slice(0, numCarry);
        const ysTangents = result.tangents.slice(numCarry);
        const outputs = [
          ...result.outputs.slice(0, numCarry),
          ...carryTangents.flatMap((tangent, i) => (carryMoves[i] ? [tangent ?? lax.zeros(result.outputs[i])] : [])),
          ...result.outputs.slice(numCarry),
          ...ysTangents.filter((tangent) => tangent !== null),
        ];
        const moved = (list: readonly Tangent[]): boolean[] => list.map((tangent) => tangent !== null);
        return { outputs, extra: { carry: moved(carryTangents), ys: moved(ysTangents) } };
      });
    };
    const carryMoves = fixpoint(moves.carry, (carry) => jvpBody(carry).extra.carry);
    const traced = jvpBody(carryMoves);
    const values = roles(inputs, params);
    const along = roles(tangents, params);
    const given = (list: readonly Tangent[]): Value[] => list.filter((tangent) => tangent !== null);
    const carryAlong = along.carry.flatMap((tangent, i) =>
      carryMoves[i] ? [tangent ?? lax.zeros(values.carry[i])] : [],
    );
    const outputs = bind(
      scanPrimitive,
      [
        ...traced.captured,
        ...values.consts,
        ...given(along.consts),
        ...values.carry,
        ...carryAlong,
        ...values.xs,
        ...given(along.xs),
      ],
      {
        ...params,
        body: capturedFirst(traced.program, traced.captured.length),
        numConsts: traced.captured.length + values.consts.length + given(along.consts).length,
        numCarry: numCarry + carryAlong.length,
      },
    );
    const take = taker(outputs);
    const carryOut = take(numCarry);
    const carryTangentOut = take(carryAlong.length);
    const ysOut = take(body.outputs.length - numCarry);
    const ysTangentOut = take(traced.extra.ys.filter(Boolean).length);
    return {
      outputs: [...carryOut, ...ysOut],
      tangents: [
        ...carryMoves.map((is): Tangent => (is ? (carryTangentOut.shift() as Value) : null)),
        ...traced.extra.ys.map((is): Tangent => (is ? (ysTangentOut.shift() as Value) : null)),
      ],
    };
  },

  split(unknown, inputs, params: ScanParams) {
    const { body, numConsts, numCarry, length } = params;
    const flags = roles(unknown, params);
    const spread = (carry: readonly boolean[]) => splitProgram(body, [...flags.consts, ...carry, ...flags.xs], carry);
    const carryUnknown = fixpoint(flags.carry, (carry) => spread(carry).outputUnknown.slice(0, numCarry));
    const parts = spread(carryUnknown);
    const bodyUnknown = [...flags.consts, ...carryUnknown, ...flags.xs];

    // A residual that is a constant of the loop is handed over once; the others are stacked.
    const constantIndex = (variable: Var): number => {
      const i = body.inputs.indexOf(variable);
      return i >= 0 && i < numConsts && !bodyUnknown[i] ? i : -1;
    };
    const stackedResiduals = parts.residuals.filter((variable) => constantIndex(variable) < 0);
    const constantResiduals = parts.residuals.filter((variable) => constantIndex(variable) >= 0);

    const indices = inputs.map((_, i) => i);
    const knownInputs = indices.filter((i) => !bodyUnknown[i]);
    const knownOutputs = body.outputs.map((_, i) => i).filter((i) => !parts.outputUnknown[i]);
    const unknownOutputs = body.outputs.map((_, i) => i).filter((i) => parts.outputUnknown[i]);
    const knownCount = knownOutputs.length;
    const knownBody: Program = {
      ...parts.known,
      outputs: [...parts.known.outputs.slice(0, knownCount), ...stackedResiduals],
    };
    const unknownConsts = indices.slice(0, numConsts).filter((i) => bodyUnknown[i]);
    const unknownRest = indices.slice(numConsts).filter((i) => bodyUnknown[i]);
    const unknownBody: Program = {
      ...parts.unknown,
      inputs: [
        ...constantResiduals,
        ...[...unknownConsts, ...unknownRest].map((i) => body.inputs[i]),
        ...stackedResiduals,
      ],
    };
    return {
      known: {
        primitive: scanPrimitive,
        params: {
          ...params,
          body: knownBody,
          numConsts: flags.consts.filter((is) => !is).length,
          numCarry: carryUnknown.filter((is) => !is).length,
        },
        inputs: knownInputs,
        outputs: knownOutputs,
      },
      unknown: {
        primitive: scanPrimitive,
        params: {
          ...params,
          body: unknownBody,
          numConsts: constantResiduals.length + unknownConsts.length,
          numCarry: carryUnknown.filter(Boolean).length,
        },
        inputs: [...constantResiduals.map(constantIndex), ...unknownConsts, ...unknownRest],
        outputs: unknownOutputs,
      },
      residuals: stackedResiduals.map((variable) => stacked(variable, length)),
    };
  },

  transpose(_lax, cotangents, inputs, linear, params: ScanParams, avals) {
    const { body, numCarry, length, reverse } = params;
    const is = roles(linear, params);
    const values = roles(inputs, params);
    const bodyAvals = roles(body.inputs, params);
    const fixedConsts = values.consts.filter((_, i) => !is.consts[i]) as Value[];
    const fixedXs = values.xs.filter((_, i) => !is.xs[i]) as Value[];
    const linearConsts = bodyAvals.consts.filter((_, i) => is.consts[i]);
    const linearXs = bodyAvals.xs.filter((_, i) => is.xs[i]);
    const ys = body.outputs.slice(numCarry);
    const ysGiven = cotangents.slice(numCarry);
    const givenYs = ys.filter((_, i) => ysGiven[i] !== null);

    const traced = trace(
      [...fixedConsts, ...linearConsts, ...bodyAvals.carry, ...givenYs, ...fixedXs.map(slice)],
      (...all) => {
        const take = taker(all);
        const consts = take(fixedConsts.length);
        const constSums = take(linearConsts.length);
        const carryCts = take(numCarry);
        const yCts = take(givenYs.length);
        const xs = take(fixedXs.length);
        const bodyInputs = [
          ...is.consts.map((lin) => (lin ? null : (consts.shift() as Value))),
          ...bodyAvals.carry.map(() => null),
          ...is.xs.map((lin) => (lin ? null : (xs.shift() as Value))),
        ];
        const bodyLinear = [...is.consts, ...bodyAvals.carry.map(() => true), ...is.xs];
        const outCts = [...carryCts, ...ysGiven.map((given): Tangent => (given ? (yCts.shift() as Value) : null))];
        const back = transposeProgram(body, bodyInputs, bodyLinear, outCts);
        const constBack = back.slice(0, linearConsts.length);
        const carryBack = back.slice(linearConsts.length, linearConsts.length + numCarry);
        const xsBack = back.slice(linearConsts.length + numCarry);
        return {
          outputs: [
            ...constSums.map((sum, i) => (constBack[i] ? lax.add(sum, constBack[i] as Value) : sum)),
            ...carryBack.map((value, i) => value ?? lax.zeros(bodyAvals.carry[i])),
            ...xsBack.map((value, i) => value ?? lax.zeros(linearXs[i])),
          ],
          extra: undefined,
        };
      },
    );
    const carryGiven = cotangents.slice(0, numCarry).map((cotangent, i) => cotangent ?? lax.zeros(bodyAvals.carry[i]));
    const outputs = bind(
      scanPrimitive,
      [
        ...traced.captured,
        ...fixedConsts,
        ...linearConsts.map((aval) => lax.zeros(aval)),
        ...carryGiven,
        ...ysGiven.filter((cotangent) => cotangent !== null),
        ...fixedXs,
      ],
      {
        length,
        reverse: !reverse,
        body: simplify(capturedFirst(traced.program, traced.captured.length)),
        numConsts: traced.captured.length + fixedConsts.length,
        numCarry: linearConsts.length + numCarry,
      },
    );
    const constCts = outputs.slice(0, linearConsts.length);
    const carryCts = outputs.slice(linearConsts.length, linearConsts.length + numCarry);
    const xsCts = outputs.slice(linearConsts.length + numCarry);
    return avals.map((_, i): Tangent => {
      if (i < params.numConsts) return linear[i] ? (constCts.shift() as Value) : null;
      if (i < params.numConsts + numCarry) {
        const cotangent = carryCts[i - params.numConsts];
        return linear[i] ? cotangent : null;
      }
      return linear[i] ? (xsCts.shift() as Value) : null;
    });
  },

  batch(_lax, size, inputs, batched, params: ScanParams) {
    const { body, numCarry } = params;
    const flags = roles(batched, params);
    const batchedBody = (carry: readonly boolean[]) => {
      const on = [...flags.consts, ...carry, ...flags.xs];
      const ins = body.inputs.map((aval, i) => (on[i] ? stacked(aval, size) : aval));
      return trace(ins, (...all) => {
        const result = batchProgram(body, size, all, on);
        const outputs = result.outputs.map((value, i) =>
          carry[i] && !result.batched[i] ? repeatFirst(lax, value, size) : value,
        );
        return { outputs, extra: result.batched };
      });
    };
    const carry = fixpoint(flags.carry, (now) => batchedBody(now).extra.slice(0, numCarry));
    const traced = batchedBody(carry);
    const values = roles(inputs, params);
    const carryIn = values.carry.map((value, i) =>
      carry[i] && !flags.carry[i] ? repeatFirst(lax, value, size) : value,
    );
    const xsIn = values.xs.map((value, i) => (flags.xs[i] ? moveAxis(value, 0, 1) : value));
    const outputs = bind(scanPrimitive, [...traced.captured, ...values.consts, ...carryIn, ...xsIn], {
      ...params,
      body: capturedFirst(traced.program, traced.captured.length),
      numConsts: traced.captured.length + params.numConsts,
    });
    const outFlags = [...carry, ...traced.extra.slice(numCarry)];
    return {
      outputs: outputs.map((value, i) => (i >= numCarry && outFlags[i] ? moveAxis(value, 1, 0) : value)),
      batched: outFlags,
    };
  },

  evaluate(inputs, params: ScanParams, outputs) {
    const { body, numCarry, length, reverse } = params;
    const { consts, xs, ...rest } = roles(inputs, params);
    let carry = rest.carry;
    const ys: RefArray[] = outputs.slice(numCarry).map((aval) => ({
      ...aval,
      data: hostArray(aval.dtype === 'f32' ? 'f64' : aval.dtype, sizeOf(aval.shape)),
    }));
    for (let step = 0; step < length; step++) {
      const at = reverse ? length - 1 - step : step;
      const slices = xs.map((x): RefArray => {
        const size = sizeOf(x.shape.slice(1));
        return { ...slice(x), data: x.data.subarray(at * size, (at + 1) * size) };
      });
      const results = evaluateProgram(body, [...consts, ...carry, ...slices]);
      carry = results.slice(0, numCarry);
      results.slice(numCarry).forEach((y, i) => {
        ys[i].data.set(y.data, at * y.data.length);
      });
    }
    return [...carry, ...ys];
  },
};

/** `program` with its last `count` inputs (the captured ones) moved to the front, where loop constants stand. */
export function capturedFirst(program: Program, count: number): Program {
  const split = program.inputs.length - count;
  return { ...program, inputs: [...program.inputs.slice(split), ...program.inputs.slice(0, split)] };
}
