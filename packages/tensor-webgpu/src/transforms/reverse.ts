import { isFloat } from '../dtype/dtype.ts';
import { DerivativeError } from '../errors/errors.ts';
import { simplify } from '../optimize/simplify.ts';
import type { Program } from '../program/program.ts';
import type { Tangent, Value } from '../program/value.ts';
import { trace } from '../trace/builder.ts';
import { inlineProgram } from '../trace/inline.ts';
import { jvpProgram } from './forward.ts';
import { splitProgram } from './split.ts';
import { adviceIn, transposeProgram } from './transpose.ts';

/** A program evaluated at a point together with its derivative there, a linear program. */
export interface Linearized {
  readonly outputs: readonly Value[];
  /** From the residuals, then the tangents of the moving inputs, to the tangents of the moving outputs. */
  readonly linear: Program;
  readonly residuals: readonly Value[];
  /** Which outputs have a tangent at all. */
  readonly outputMoves: readonly boolean[];
}

/** Linearises a program at `values` in the inputs marked `moving`: its jvp, split where the tangents come in. */
export function linearizeProgram(program: Program, values: readonly Value[], moving: readonly boolean[]): Linearized {
  const count = program.inputs.length;
  const directions = program.inputs.filter((variable, i) => moving[i] && isFloat(variable.dtype));
  const traced = trace([...program.inputs, ...directions], (...all) => {
    let next = count;
    const tangents = program.inputs.map(
      (variable, i): Tangent => (moving[i] && isFloat(variable.dtype) ? all[next++] : null),
    );
    const result = jvpProgram(program, all.slice(0, count), tangents);
    const along = result.tangents.filter((tangent) => tangent !== null);
    return { outputs: [...result.outputs, ...along], extra: result.tangents.map((tangent) => tangent !== null) };
  });
  const jvp = simplify(traced.program);
  const primalCount = program.outputs.length;
  const unknown = jvp.inputs.map((_, i) => i >= count && i < count + directions.length);
  const split = splitProgram(
    jvp,
    unknown,
    jvp.outputs.map((_, i) => i >= primalCount),
  );
  if (split.outputUnknown.slice(0, primalCount).includes(true)) {
    throw new DerivativeError(
      adviceIn(split.unknown) ??
        'A value of the function could not be computed apart from its derivative. Use forward mode (jvp, jacfwd).',
    );
  }
  const known = inlineProgram(split.known, [...values, ...traced.captured]);
  return {
    outputs: known.slice(0, primalCount),
    linear: split.unknown,
    residuals: known.slice(primalCount),
    outputMoves: traced.extra,
  };
}

/** Cotangents of the moving inputs (in order; `null` is zero) from cotangents of all outputs. */
export function pullback({ linear, residuals, outputMoves }: Linearized, cotangents: readonly Tangent[]): Tangent[] {
  const moving = linear.inputs.map((_, i) => i >= residuals.length);
  const inputs = linear.inputs.map((_, i) => (i < residuals.length ? residuals[i] : null));
  return transposeProgram(
    linear,
    inputs,
    moving,
    cotangents.filter((_, i) => outputMoves[i]),
  );
}
