import { checkFunctions } from '../errors/checks.ts';
import { removeDeadCode } from '../optimize/deadCode.ts';
import { lax } from '../primitives/lax.ts';
import { evaluateProgram } from '../program/evaluate.ts';
import type { Primitive, Program } from '../program/program.ts';
import type { Tangent, Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bind, runTraced } from '../trace/bind.ts';
import { trace } from '../trace/builder.ts';
import { unflatten } from '../tree/tree.ts';
import { batchProgram } from './batch.ts';
import { jvpProgram } from './forward.ts';
import { flattenArguments, type TreeFunction, traceFunction } from './function.ts';
import { splitProgram } from './split.ts';
import { transposeProgram } from './transpose.ts';

interface CheckpointParams {
  readonly body: Program;
}

/** A call whose intermediate values are not kept for the backward pass but computed again there. */
const checkpointPrimitive: Primitive = {
  name: 'checkpoint',
  kind: 'inline',
  shape: (_inputs, { body }: CheckpointParams) => body.outputs,
  body: ({ body }: CheckpointParams) => body,
  evaluate: (inputs, { body }: CheckpointParams) => evaluateProgram(body, inputs),

  jvp(_lax, inputs, tangents, { body }: CheckpointParams) {
    const along = tangents.filter((tangent) => tangent !== null);
    const traced = trace([...inputs, ...along], (...all) => {
      let next = inputs.length;
      const result = jvpProgram(
        body,
        all.slice(0, inputs.length),
        tangents.map((tangent) => (tangent ? all[next++] : null)),
      );
      const moved = result.tangents.filter((tangent) => tangent !== null);
      return { outputs: [...result.outputs, ...moved], extra: result.tangents.map((tangent) => tangent !== null) };
    });
    const values = bind(checkpointPrimitive, [...inputs, ...along, ...traced.captured], { body: traced.program });
    let next = body.outputs.length;
    return {
      outputs: values.slice(0, body.outputs.length),
      tangents: traced.extra.map((moves): Tangent => (moves ? values[next++] : null)),
    };
  },

  /** Known outputs are computed now; everything else is computed again later, from the inputs. */
  split(unknown, _inputs, { body }: CheckpointParams) {
    const { outputUnknown, known } = splitProgram(body, unknown);
    const outputs = body.outputs.map((_, i) => i);
    const now = outputs.filter((i) => !outputUnknown[i]);
    const later = outputs.filter((i) => outputUnknown[i]);
    const knownBody = removeDeadCode({ ...known, outputs: known.outputs.slice(0, now.length) });
    return {
      known: {
        primitive: checkpointPrimitive,
        params: { body: knownBody },
        inputs: unknown.flatMap((is, i) => (is ? [] : [i])),
        outputs: now,
      },
      unknown: {
        primitive: checkpointPrimitive,
        params: { body: removeDeadCode({ ...body, outputs: later.map((i) => body.outputs[i]) }) },
        inputs: unknown.map((_, i) => i),
        outputs: later,
      },
      residuals: [],
    };
  },

  transpose(_lax, cotangents, inputs, linear, { body }: CheckpointParams) {
    const fixed = inputs.filter((_, i) => !linear[i]) as Value[];
    const given = cotangents.filter((cotangent) => cotangent !== null);
    const traced = trace([...fixed, ...given], (...all) => {
      // The barrier keeps the compiler from merging this second computation with the first.
      const again = all.slice(0, fixed.length).map((value) => lax.barrier(value));
      let nextFixed = 0;
      let nextGiven = fixed.length;
      const back = transposeProgram(
        body,
        linear.map((is) => (is ? null : again[nextFixed++])),
        linear,
        cotangents.map((cotangent) => (cotangent ? all[nextGiven++] : null)),
      );
      return { outputs: back.filter((value) => value !== null), extra: back.map((value) => value !== null) };
    });
    const values = bind(checkpointPrimitive, [...fixed, ...given, ...traced.captured], { body: traced.program });
    let next = 0;
    const back = traced.extra.map((there): Tangent => (there ? values[next++] : null));
    let at = 0;
    return linear.map((is) => (is ? back[at++] : null));
  },

  batch(_lax, size, inputs, batched, { body }: CheckpointParams) {
    const traced = trace(inputs, (...values) => {
      const result = batchProgram(body, size, values, batched);
      return { outputs: result.outputs, extra: result.batched };
    });
    const outputs = bind(checkpointPrimitive, [...inputs, ...traced.captured], { body: traced.program });
    return { outputs, batched: traced.extra };
  },
};

/**
 * `f`, with its intermediate values computed again during the backward pass instead of kept: less memory for
 * about one more evaluation of `f`.
 */
export function checkpoint<A extends unknown[] = Tensor[], R = unknown>(f: (...args: A) => R): (...args: A) => R {
  checkFunctions('checkpoint', f);
  return (...args) => {
    const flat = flattenArguments(args, 'checkpoint');
    const { outputs, extra } = runTraced(flat.values, 'checkpoint', (...values) => {
      const traced = traceFunction(f as TreeFunction, { ...flat, values }, 'checkpoint', flat.numbers);
      return {
        outputs: bind(checkpointPrimitive, traced.inputs, { body: traced.program }),
        extra: traced.outputStructure,
      };
    });
    return unflatten(extra, outputs) as R;
  };
}
